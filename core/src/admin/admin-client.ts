import { request } from 'node:http'
import { existsSync } from 'node:fs'
import { adminSocketOf } from './admin-socket.ts'

/** Where a gateway is reached. */
export interface GatewayAddress {
  readonly stateFolder: string
  readonly admin: { readonly host: string; readonly port: number; readonly token?: string | undefined }
}

/** What is asked. */
export interface Question {
  readonly method?: string
  readonly body?: object
  /** Default: 5 s. */
  readonly timeoutMs?: number
}

/** What was answered, and by whom. */
export interface Answer {
  readonly response: Response
  readonly where: string
}

const TIMEOUT_MS = 5000

/**
 * Asks the gateway that runs with this configuration: over its Unix socket, where changes are allowed, else over its admin address with the
 * token. Undefined when none answers; rejects when what answers does not do so in time.
 */
export async function askGateway(
  { stateFolder, admin }: GatewayAddress,
  path: string,
  question: Question = {},
): Promise<Answer | undefined> {
  const socket = adminSocketOf(stateFolder)
  const response = existsSync(socket)
    ? await unlessRefused(askSocket(socket, path, question), socket)
    : undefined
  if (response !== undefined) return { response, where: socket }
  const url = adminUrlOf(admin)
  if (url === undefined) return undefined
  const answer = await unlessRefused(askUrl(`${url}${path}`, admin.token, question), url)
  return answer && { response: answer, where: url }
}

/** Says that no gateway was found, and where it was looked for. */
export function noAnswer({ stateFolder, admin }: GatewayAddress): string {
  const url = adminUrlOf(admin) ?? 'its admin address (gateway.admin.port is 0: another one at each start)'
  return `no gateway answers at ${adminSocketOf(stateFolder)} or ${url}`
}

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

async function unlessRefused(asked: Promise<Response>, where: string): Promise<Response | undefined> {
  try {
    return await asked
  } catch (error) {
    const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException
    if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'EACCES') return undefined
    const reason = typeof code === 'string' ? code : message
    throw new Error(`the gateway at ${where} does not answer (${reason})`, { cause: error })
  }
}

function askUrl(
  url: string,
  token: string | undefined,
  { method = 'GET', body, timeoutMs = TIMEOUT_MS }: Question,
): Promise<Response> {
  return fetch(url, {
    method,
    signal: AbortSignal.timeout(timeoutMs),
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

// fetch speaks to no Unix socket.
function askSocket(
  socketPath: string,
  path: string,
  { method = 'GET', body, timeoutMs = TIMEOUT_MS }: Question,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method, signal: AbortSignal.timeout(timeoutMs) }, (answer) => {
      const chunks: Buffer[] = []
      answer
        .on('data', (chunk: Buffer) => void chunks.push(chunk))
        .on('error', reject)
        .on('end', () => {
          const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [
            name,
            String(value),
          ])
          resolve(
            new Response(new Uint8Array(Buffer.concat(chunks)), {
              status: answer.statusCode ?? 500,
              headers,
            }),
          )
        })
    })
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
}
