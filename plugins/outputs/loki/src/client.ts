import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { LokiClient } from 'loki-logger-ts'
import { permanent, retryable } from '@smart-gateway/sdk'
import type { PluginError } from '@smart-gateway/sdk'
import type { Body } from './body.ts'
import type { LokiOptions } from './options.ts'

/** What came back for a request. */
export interface Answer {
  readonly status: number
  /** At most 32 MiB. */
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** A connection to one Loki. */
export interface Client {
  /** Where pushes go. It holds no secret. */
  readonly url: string
  /** Sends one push; rejects with a retryable error when no whole answer came. */
  post(body: Body): Promise<Answer>
  close(): void
}

/**
 * Connects by way of loki-logger-ts, whose client knows basic authentication; what it leaves at axios' defaults is set here. Its
 * log functions are not used: they send one line each, to the path of Loki's first version, and hide every failure. Throws when
 * the credentials contradict each other.
 */
export function createClient(options: LokiOptions, signal: AbortSignal): Client {
  const url = options.url.replace(/(\/loki\/api\/v1\/push)?\/*$/, '/loki/api/v1/push')
  const agent = url.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true })
    : new HttpAgent({ keepAlive: true })
  const { instance } = new LokiClient(url, loginOf(options))

  return {
    url,
    async post({ bytes, headers }) {
      if (signal.aborted) throw leaving()
      const ending = new AbortController()
      const end = (): void => ending.abort()
      // A process that was stopped meanwhile finds its timers due before it reads what came: a moment for an answer that is there.
      let timer = setTimeout(() => {
        timer = setTimeout(end, MOMENT_MS)
      }, options.timeoutMs)
      signal.addEventListener('abort', end)
      try {
        const answer = await instance.request<string>({
          method: 'POST',
          url: '',
          data: bytes,
          headers: { ...headersOf(options), ...headers },
          signal: ending.signal,
          // axios' own timeout begins anew with every byte.
          timeout: 0,
          adapter: 'http',
          httpAgent: agent,
          httpsAgent: agent,
          // Nothing but the options says where records and credentials go.
          proxy: false,
          maxRedirects: 0,
          maxBodyLength: Infinity,
          maxContentLength: MAX_ANSWER_BYTES,
          responseType: 'text',
          transformRequest: [(data: unknown) => data],
          transformResponse: [(data: unknown) => data],
          validateStatus: () => true,
        })
        return { status: answer.status, text: String(answer.data ?? ''), headers: answer.headers }
      } catch (error) {
        if (signal.aborted) throw leaving()
        throw ending.signal.aborted ? noAnswer(url, options.timeoutMs) : unreachable(url, error)
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
      }
    },
    close: () => agent.destroy(),
  }
}

const MOMENT_MS = 100

// Loki 3 names every bad line of a push with its stream.
const MAX_ANSWER_BYTES = 32 * 1_048_576

function loginOf({
  username,
  password,
  token,
}: LokiOptions): { username: string; password: string } | undefined {
  if (username !== undefined && token !== undefined)
    throw permanent('Both "username" and "token" are given. Leave one of them out.')
  return username === undefined || password === undefined ? undefined : { username, password }
}

function headersOf({ tenant, token }: LokiOptions): Record<string, string> {
  return {
    'User-Agent': 'smart-gateway',
    ...(tenant === undefined ? {} : { 'X-Scope-OrgID': tenant }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  }
}

function leaving(): PluginError {
  return retryable('This output was told to leave')
}

function noAnswer(url: string, timeoutMs: number): PluginError {
  return retryable(
    `${url} gave no whole answer within ${timeoutMs} ms. Is Loki overloaded? Its records are sent again; "timeoutMs" sets the limit.`,
    { code: 'ETIMEDOUT' },
  )
}

// axios' errors carry the request with its credentials: none of them is a `cause`, and only the code and the sentence are kept.
function unreachable(url: string, error: unknown): PluginError {
  const { code = '', message } = error as PluginError
  const hint = HINTS.find(([sign]) => sign.test(code))?.[1]
  // Node gives a host name with several addresses an error without a message.
  const reason = [message || code, hint].filter((part) => part !== undefined).join('. ')
  return retryable(`Cannot push to ${url}: ${reason}`, code === '' ? {} : { code })
}

const HINTS: readonly (readonly [sign: RegExp, hint: string])[] = [
  [/ECONNREFUSED/, 'Is Loki running, and is that its port?'],
  [/ENOTFOUND|EAI_AGAIN/, 'Does the host name resolve here?'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'Is the host right, and does a firewall let the gateway through?'],
  [/SELF_SIGNED|UNABLE_TO_|CERT_/, 'Name the file of its authority in NODE_EXTRA_CA_CERTS.'],
  [/ALTNAME/, 'Its certificate bears another name.'],
  [/EPROTO|ERR_SSL/, 'Does it speak TLS at that port?'],
]
