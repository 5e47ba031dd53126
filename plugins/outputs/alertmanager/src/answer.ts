import http from 'node:http'
import https from 'node:https'

/** What came back. */
export interface Answer {
  readonly status: number
  readonly location: string | undefined
  readonly retryAfterMs: number | undefined
  /** Its first 2 MiB. */
  readonly body: string
}

export interface Post {
  readonly headers: Readonly<Record<string, string>>
  readonly agent: http.Agent
  readonly signal: AbortSignal
}

/** Posts a body and waits for the whole answer, which it follows nowhere. Rejects when there is none. */
export async function post(url: string, body: Buffer, how: Post): Promise<Answer> {
  try {
    return await attempt(url, body, how)
  } catch (error) {
    // The server closed an idle connection just when it was used again, which says nothing about the server.
    if (!(error as Failure).onReusedConnection) throw error
    return attempt(url, body, how)
  }
}

interface Failure extends Error {
  onReusedConnection?: boolean
}

// Alertmanager says what is wrong with each alert of a post, in one JSON text: half of it could not be told from a proxy's page.
const MAX_ANSWER_BYTES = 2 * 1_048_576

async function attempt(url: string, body: Buffer, { headers, agent, signal }: Post): Promise<Answer> {
  const { request } = url.startsWith('https:') ? https : http
  const sent = request(url, {
    method: 'POST',
    agent,
    signal,
    headers: { ...headers, 'content-type': 'application/json', 'content-length': body.length },
  })
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve)
    sent.on('error', (error: Failure & { code?: string }) => {
      error.onReusedConnection = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      reject(error)
    })
    sent.end(body)
  })
  const seconds = Number(response.headers['retry-after'])
  return {
    status: response.statusCode!,
    location: response.headers.location,
    retryAfterMs: seconds > 0 && seconds <= MAX_RETRY_AFTER_S ? seconds * 1000 : undefined,
    body: await beginningOf(response),
  }
}

const MAX_RETRY_AFTER_S = 3600

async function beginningOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= MAX_ANSWER_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString()
}
