/** The error with which the host says that an address cannot be bound. */
export function refusal(host: string, port: number, cause: NodeJS.ErrnoException): Error {
  const code = cause.code === 'EADDRINUSE' ? 'SG_PORT_IN_USE' : 'SG_PORT_REFUSED'
  const error = new Error(`cannot listen on ${host}:${port} (${cause.code})`, { cause })
  return Object.assign(error, { code, retryable: true })
}
