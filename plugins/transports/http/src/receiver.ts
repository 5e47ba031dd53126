import { setTimeout as delay } from 'node:timers/promises'
import type { Intake, PluginError } from '@smart-gateway/sdk'
import { accepted, busy, refused } from './answers.ts'
import type { ReadBody } from './body.ts'
import { encodingOf, knowsEncoding } from './encoding.ts'
import { bearer } from './token.ts'

export interface Settings {
  readonly path: string
  readonly contentTypes: readonly string[]
  readonly token: string | undefined
  readonly readBody: ReadBody
}

export interface Receiver {
  handle(request: Request): Promise<Response>
  /** Takes no further request. Resolves when nothing more will be delivered: bodies that are arriving may do so, for a moment. */
  close(): Promise<void>
}

/** Turns each POST into one message and answers when its fate is known. */
export function receiver({ path, contentTypes, token, readBody }: Settings, intake: Intake): Receiver {
  const mayEnter = token === undefined ? () => true : bearer(token)
  const accepts = new Set(contentTypes.map((type) => type.toLowerCase()))
  const arrivals = new Set<Promise<Arrival>>()
  let closing: Promise<void> | undefined
  let closed = false

  const refusal = ({ method, headers }: Request): Response | undefined => {
    if (!mayEnter(headers.get('authorization')))
      return refused(401, 'This gateway wants a bearer token.', { 'www-authenticate': 'Bearer' })
    if (method !== 'POST') return refused(405, 'Messages are taken by POST only.', { allow: 'POST' })
    if (closing) return stopping()
    if (intake.full) return busy('The gateway is full; send the message again.')
    const contentType = mediaType(headers)
    if (contentType && !accepts.has(contentType))
      return refused(415, `Content-Type ${contentType} is not taken here; send ${contentTypes.join(' or ')}.`)
    if (!knowsEncoding(encodingOf(headers)))
      return refused(415, 'This Content-Encoding is not taken here; send gzip, deflate or none.')
    return undefined
  }

  const arrive = async (request: Request): Promise<Arrival> => {
    const body = await readBody(request)
    if ('refusal' in body) return body
    if (closed) return { refusal: stopping() }
    const contentType = request.headers.get('content-type')
    const message = { body: body.bytes, address: path, ...(contentType && { contentType }) }
    return { fate: intake.deliver(message) }
  }

  const finish = async (): Promise<void> => {
    const patience = new AbortController()
    const enough = delay(GRACE_MS, undefined, patience).catch(() => undefined)
    await Promise.race([Promise.allSettled(arrivals), enough])
    patience.abort()
    closed = true
  }

  return {
    async handle(request) {
      const no = refusal(request)
      if (no) return no
      const arriving = arrive(request)
      arrivals.add(arriving)
      const arrival = await arriving.finally(() => arrivals.delete(arriving))
      return 'refusal' in arrival ? arrival.refusal : settled(arrival.fate)
    },
    close: () => (closing ??= finish()),
  }
}

type Arrival = { readonly fate: Promise<void> } | { readonly refusal: Response }

const GRACE_MS = 1000

async function settled(fate: Promise<void>): Promise<Response> {
  try {
    await fate
    return accepted()
  } catch (error) {
    const { message, retryable, retryAfter } = error as PluginError
    if (retryable === false) return refused(400, `This message cannot be accepted: ${message}`)
    return busy('The gateway could not store the message; send it again.', retryAfter)
  }
}

function stopping(): Response {
  return busy('This input is stopping; send the message again.')
}

function mediaType(headers: Headers): string | undefined {
  return headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
}
