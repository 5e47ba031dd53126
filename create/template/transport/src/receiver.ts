import type { Intake, Message, PluginError } from '@smart-gateway/sdk'
import { readBody } from './body.ts'

const MOST_BYTES = 4_194_304
/** Requests without an answer: more are told to come again. */
const MOST_OPEN = 1000

/** Turns requests into messages, and the fate of each message into an answer. */
export function receiver(intake: Intake) {
  let taking = false
  const handing = new Set<Promise<Response>>()

  const hand = async (request: Request): Promise<Response> => {
    const body = await readBody(request, MOST_BYTES).catch(() => 'broken' as const)
    if (body === 'broken') return answer(400, 'the body did not come to its end')
    if (body === 'too long') return answer(413, `a body has ${MOST_BYTES} bytes at most`)
    if (!taking) return answer(503, 'not taking messages')
    try {
      // The promise is the fate of the message: the producer hears of success only when every store has it.
      await intake.deliver(messageOf(request, body))
      return new Response(null, { status: 204 })
    } catch (error) {
      const { retryable, message } = error as PluginError
      return answer(retryable === false ? 422 : 503, message)
    }
  }

  return {
    async receive(request: Request): Promise<Response> {
      if (request.method !== 'POST') return answer(405, 'POST a message')
      if (!taking || intake.full || handing.size >= MOST_OPEN) return answer(503, 'come again later')
      const handed = hand(request)
      handing.add(handed)
      return handed.finally(() => handing.delete(handed))
    },
    start(): void {
      taking = true
    },
    /** Afterwards nothing is delivered any more; what was delivered still gets its answer. */
    async stop(): Promise<void> {
      taking = false
    },
    /** Resolves when no request waits for its answer. */
    async answered(): Promise<void> {
      await Promise.all(handing)
    },
  }
}

function messageOf(request: Request, body: Buffer): Message {
  const contentType = request.headers.get('content-type')
  const address = new URL(request.url).pathname
  return contentType === null ? { body, address } : { body, address, contentType }
}

function answer(status: number, text: string): Response {
  const headers = status === 503 ? { 'retry-after': '1' } : {}
  return new Response(`${text}\n`, { status, headers })
}
