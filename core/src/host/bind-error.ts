import { GatewayError } from '../errors.ts'

/** What is said when an address cannot be bound. */
export function bindError(host: string, port: number, cause: NodeJS.ErrnoException): GatewayError {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const { reason, ...hint } = told(host, cause)
  // The cause keeps its code and says the same in plain words: a reason is put together from both and says each thing once.
  cause.message = reason
  if (cause.code === 'EADDRINUSE')
    return new GatewayError('SG_PORT_IN_USE', `cannot listen on ${address}: ${reason}`, { cause })
  return new GatewayError('SG_PORT_REFUSED', `cannot listen on ${address} (${cause.code})`, {
    cause,
    ...hint,
  })
}

function told(host: string, { code, message }: NodeJS.ErrnoException): { reason: string; hint?: string } {
  if (code === 'EADDRINUSE') return { reason: 'the port is in use' }
  if (code === 'EADDRNOTAVAIL')
    return { reason: `this machine has no address ${host}`, hint: 'Use a host address of this machine.' }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return {
      reason: `the name ${host} is not known`,
      hint: 'Use an IP address of this machine, or a name for it that can be looked up here.',
    }
  return { reason: message }
}
