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
  /** Resolves, after `close`, when every request has its answer. */
  answered(): Promise<void>
  /** Closes at once: whoever still waits is told to send again. */
  end(): void
}

/** Turns each POST into one message and answers when its fate is known. */
export function receiver({ path, contentTypes, token, readBody }: Settings, intake: Intake): Receiver {
  const mayEnter = token === undefined ? () => true : bearer(token)
  const accepts = new Set(contentTypes.map((type) => type.toLowerCase()))
  const open = new Set<Exchange>()
  const patience = new AbortController()
  let closing: Promise<void> | undefined
  let closed = false

  const refusal = ({ method, headers }: Request): Response | undefined => {
    if (!mayEnter(headers.get('authorization')))
      return refused(401, 'This gateway wants a bearer token.', { 'www-authenticate': 'Bearer' })
    if (method !== 'POST') return refused(405, 'Messages are taken by POST only.', { allow: 'POST' })
    if (closing) return stopping()
    if (intake.full) return full()
    const contentType = mediaType(headers)
    if (contentType && !accepts.has(contentType))
      return refused(415, `Content-Type ${contentType} is not taken here; send ${contentTypes.join(' or ')}.`)
    if (!knowsEncoding(encodingOf(headers)))
      return refused(415, 'This Content-Encoding is not taken here; send gzip, deflate or none.')
    return undefined
  }

  const respond = async (request: Request, exchange: Exchange): Promise<Response> => {
    const body = await readBody(request)
    if ('refusal' in body) return body.refusal
    try {
      // What was true at the head of the request need not be so at its end.
      if (closed) return stopping()
      if (intake.full) return full()
      const contentType = request.headers.get('content-type')
      const fate = intake.deliver({ body: body.bytes, address: path, ...(contentType && { contentType }) })
      exchange.delivered = true
      exchange.arrived.resolve()
      return await settled(fate)
    } finally {
      body.release()
    }
  }

  const finish = async (): Promise<void> => {
    const enough = delay(GRACE_MS, undefined, patience).catch(() => undefined)
    await Promise.race([Promise.all(Array.from(open, ({ arrived }) => arrived.promise)), enough])
    patience.abort()
    closed = true
    for (const { delivered, answer } of open) if (!delivered) answer.resolve(stopping())
  }

  return {
    async handle(request) {
      const no = refusal(request)
      if (no) return no
      const exchange: Exchange = {
        delivered: false,
        arrived: Promise.withResolvers(),
        answer: Promise.withResolvers(),
      }
      open.add(exchange)
      respond(request, exchange).then(exchange.answer.resolve, exchange.answer.reject)
      try {
        return await exchange.answer.promise
      } finally {
        open.delete(exchange)
        exchange.arrived.resolve()
      }
    },
    close: () => (closing ??= finish()),
    async answered() {
      await Promise.allSettled(Array.from(open, ({ answer }) => answer.promise))
    },
    end() {
      closed = true
      patience.abort()
      for (const { answer } of open) answer.resolve(stopping())
    },
  }
}

const GRACE_MS = 1000

/** A request that has no answer yet. */
interface Exchange {
  delivered: boolean
  /** Resolves when the body is delivered, or will never be. */
  readonly arrived: PromiseWithResolvers<void>
  readonly answer: PromiseWithResolvers<Response>
}

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

function full(): Response {
  return busy('The gateway is full; send the message again.')
}

function stopping(): Response {
  return busy('This input is stopping; send the message again.')
}

function mediaType(headers: Headers): string | undefined {
  return headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
}
