/** Where the admin listener of a configuration is reached from this machine; nothing when its port is chosen at each start. */
export function adminUrlOf({
  host,
  port,
}: {
  readonly host: string
  readonly port: number
}): string | undefined {
  if (port === 0) return undefined
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** The answer of the gateway at `url`, whatever its status; nothing when none listens there. */
export async function askAdmin(url: string, path: string, init: RequestInit): Promise<Response | undefined> {
  try {
    return await fetch(`${url}${path}`, init)
  } catch (error) {
    const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException
    if (code === 'ECONNREFUSED') return undefined
    const reason = typeof code === 'string' ? code : message
    throw new Error(`the gateway at ${url} does not answer (${reason})`, { cause: error })
  }
}
