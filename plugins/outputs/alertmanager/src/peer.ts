import http from 'node:http'
import https from 'node:https'
import { retryable } from '@smart-gateway/sdk'
import { post } from './answer.ts'
import type { Target } from './target.ts'
import { judge } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** One Alertmanager. */
export interface Peer {
  readonly url: string
  /** Posts a JSON array of alerts; never rejects. */
  post(alerts: Buffer): Promise<Verdict>
  close(): void
}

export function connectPeer(url: string, { headers, ca, timeoutMs }: Target, signal: AbortSignal): Peer {
  const agent = url.startsWith('https:')
    ? new https.Agent({ keepAlive: true, ...(ca && { ca }) })
    : new http.Agent({ keepAlive: true })

  const credentials = headers['authorization']?.split(' ')[1]

  return {
    url,
    async post(alerts) {
      // AbortSignal.timeout would keep its timer, and what hangs on it, long after the answer.
      const late = new AbortController()
      // A process that was stopped meanwhile finds its timers due before it reads what came: a moment for an answer that is there.
      let timer = setTimeout(() => {
        timer = setTimeout(() => late.abort(), MOMENT_MS)
      }, timeoutMs)
      const ends = AbortSignal.any([late.signal, signal])
      try {
        const answer = await post(`${url}/api/v2/alerts`, alerts, { headers, agent, signal: ends })
        return judge(url, { ...answer, body: without(credentials, answer.body) })
      } catch (cause) {
        if (!late.signal.aborted) return { kind: 'failed', error: explain(url, cause) }
        const error = retryable(`${url} has not answered within ${timeoutMs} ms`, {
          code: 'ETIMEDOUT',
          cause,
        })
        return { kind: 'failed', error, timedOut: true }
      } finally {
        clearTimeout(timer)
      }
    },
    close: () => agent.destroy(),
  }
}

const MOMENT_MS = 100

// A proxy's page may quote the request, and errors quote the page.
function without(credentials: string | undefined, body: string): string {
  return credentials === undefined ? body : body.replaceAll(credentials, '…')
}

function explain(url: string, cause: unknown) {
  const { code, message } = cause as NodeJS.ErrnoException
  const hint = HINTS.find(([sign]) => sign.test(code ?? ''))?.[1]
  // Node gives a host name with several addresses an AggregateError, which has no message.
  const reason = message || code || 'the connection failed'
  return retryable(`Cannot post to ${url}: ${reason}${hint === undefined ? '' : `. ${hint}`}`, {
    cause,
    ...(code && { code }),
  })
}

const HINTS: readonly (readonly [sign: RegExp, hint: string])[] = [
  [/ECONNREFUSED/, 'Is Alertmanager running, and is that its port?'],
  [/ENOTFOUND|EAI_AGAIN/, 'Does the host name resolve here?'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'Is the host right, and does a firewall let the gateway through?'],
  [/ALTNAME/, 'The certificate bears another name: write that one in "urls".'],
  [/SELF_SIGNED|UNABLE_TO_|CERT_/, 'Name the file of its authority under "tls.ca".'],
  [/EPROTO|ERR_SSL/, 'Does it speak TLS at that port?'],
  [/HPE_/, 'Does it speak HTTP at that port, and not TLS?'],
  [/ECONNRESET|EPIPE/, 'It ended the connection before its answer was complete.'],
]
