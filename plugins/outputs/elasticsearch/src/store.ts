import { Client, ClusterConnectionPool } from '@elastic/elasticsearch'
import type { DiagnosticResult } from '@elastic/elasticsearch'
import { connectFailure, foreignFailure, silentFailure, stopped, unreadableFailure } from './failure.ts'
import type { Target } from './target.ts'

/** What a node answered, whatever its status. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown
  /** The node's URL. */
  readonly node: string
}

/** What a request carries. */
export interface Payload {
  readonly type: 'application/json' | 'application/x-ndjson'
  readonly text: string
}

/** A cluster as one peer: a node that fails is passed over. */
export interface Store {
  /** Asks who is there, one node after the other until one answers. Resolves and rejects as `request` does. */
  greet(): Promise<Answer>
  /** Resolves with any answer; rejects, always retryable, when there is none or it is not Elasticsearch's. */
  request(method: 'POST' | 'PUT', path: string, payload: Payload): Promise<Answer>
  close(): Promise<void>
}

interface Settings {
  readonly requestTimeoutMs: number
  readonly compression: boolean
}

/** Makes the client; connects to nothing. Requests end at once when `signal` aborts. */
export function connectStore(target: Target, settings: Settings, signal: AbortSignal): Store {
  const { requestTimeoutMs, compression } = settings
  const client = new Client({
    nodes: target.nodes,
    ...(target.auth && { auth: target.auth }),
    // `timeout` is the connection attempt's: a node that swallows packets leaves time for the next one.
    tls: { ...target.tls, timeout: Math.min(MOST_CONNECT_MS, Math.ceil(requestTimeoutMs / 2)) },
    // The default pool goes on asking a dead node now and then; this one leaves it alone until a ping succeeds.
    ConnectionPool: ClusterConnectionPool,
    // The host retries, with backoff. The client only goes through the other nodes.
    maxRetries: target.nodes.length - 1,
    // Ours is the shorter one: the client's starts anew with each piece of an answer, so a trickle would never end.
    requestTimeout: 2 * requestTimeoutMs,
    compression,
    maxResponseSize: MOST_ANSWER_BYTES,
    maxCompressedResponseSize: MOST_ANSWER_BYTES,
    // "replace" would copy a gzipped body byte by byte into an object for each error. No error of the client leaves this file.
    redaction: { type: 'off' },
  })

  const send = async (method: string, path: string, payload: Payload | undefined, leave: AbortSignal) => {
    const headers = { accept: 'application/json', ...(payload && { 'content-type': payload.type }) }
    const body = payload && { [payload.type === 'application/x-ndjson' ? 'bulkBody' : 'body']: payload.text }
    return client.transport.request({ method, path, ...body }, { headers, signal: leave, meta: true })
  }

  /** What the client threw, as an answer or as the error to throw. */
  const understand = (thrown: unknown, lateAfterMs: number | undefined): Answer => {
    const error = thrown as ClientError
    const connection = error.meta?.meta.connection ?? undefined
    const node = connection === undefined ? target.label : nodeOf(connection)
    if (error.name === 'ResponseError' && error.meta !== undefined) return answerOf(error.meta)
    if (signal.aborted) throw stopped(node)
    if (lateAfterMs !== undefined) {
      if (connection !== undefined) client.connectionPool.markDead(connection)
      throw silentFailure(node, lateAfterMs)
    }
    if (error.name === 'ProductNotSupportedError') throw foreignFailure(node, error.meta?.statusCode)
    if (error.name === 'ConnectionError') throw connectFailure(node, error.message)
    throw unreadableFailure(node, error.message)
  }

  const request = async (
    method: string,
    path: string,
    payload: Payload | undefined,
    timeoutMs: number,
  ): Promise<Answer> => {
    if (signal.aborted) throw stopped(target.label)
    const leaving = new AbortController()
    const leave = (): void => leaving.abort()
    let late = false
    const giveUp = (): void => {
      late = true
      leave()
    }
    // A process that was stopped meanwhile finds its timers due before it reads what came: a moment for an answer that is there.
    let timer = setTimeout(() => {
      timer = setTimeout(giveUp, MOMENT_MS)
    }, timeoutMs)
    signal.addEventListener('abort', leave)
    try {
      return answerOf(await send(method, path, payload, leaving.signal))
    } catch (error) {
      return understand(error, late ? timeoutMs : undefined)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
    }
  }

  return {
    async greet() {
      const timeoutMs = Math.min(MOST_GREETING_MS, requestTimeoutMs)
      for (let others = target.nodes.length - 1; ; others -= 1) {
        try {
          return await request('GET', '/', undefined, timeoutMs)
        } catch (error) {
          if (others === 0 || signal.aborted) throw error
        }
      }
    },
    request: (method, path, payload) => request(method, path, payload, requestTimeoutMs),
    close: () => client.close(),
  }
}

/** The host gives `open` 30 s, and several nodes may be silent. */
const MOST_GREETING_MS = 5000
const MOMENT_MS = 100
const MOST_CONNECT_MS = 10_000
const MOST_ANSWER_BYTES = 64 * 1024 * 1024

type Connection = NonNullable<DiagnosticResult['meta']['connection']>

interface ClientError extends Error {
  readonly meta?: DiagnosticResult
}

function answerOf({ statusCode, headers, body, meta }: DiagnosticResult): Answer {
  return {
    status: statusCode ?? 0,
    headers: headers ?? {},
    body,
    node: meta.connection === null ? '' : nodeOf(meta.connection),
  }
}

function nodeOf({ url }: Connection): string {
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`
}
