import { GatewayError } from '../errors.ts'

/** What is said when an address cannot be bound. */
export function bindError(host: string, port: number, cause: NodeJS.ErrnoException): GatewayError {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  if (cause.code === 'EADDRINUSE')
    return new GatewayError('SG_PORT_IN_USE', `cannot listen on ${address}: the port is in use`, { cause })
  return new GatewayError('SG_PORT_REFUSED', `cannot listen on ${address} (${cause.code})`, { cause })
}
