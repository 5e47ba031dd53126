import { defineTransport } from '@smart-gateway/sdk'
import type { Intake, Message } from '@smart-gateway/sdk'

/** The gateway imports a copy of this module: what both have to see hangs on the thread's own global object. */
const shared = globalThis as { burstIntakes?: Map<string, Intake> }
const intakes = (shared.burstIntakes ??= new Map())

/** Hands messages to an input in bursts, as a socket's chunks do, and resolves when each has been settled. */
export async function send(messages: readonly Message[], burst: number, input = 'collectd'): Promise<void> {
  const intake = intakes.get(input)!
  for (let from = 0; from < messages.length; from += burst) {
    await new Promise<void>((resolve, reject) => {
      let open = 0
      const settled = (): void => {
        if (--open === 0) resolve()
      }
      for (const message of messages.slice(from, from + burst)) {
        open++
        intake.deliver(message).then(settled, reject)
      }
    })
  }
}

/** Hands messages to an input as a broker does: `chunk` at once, as a socket's read brings them, and at most `prefetch` that are not settled. */
export async function stream(
  messages: readonly Message[],
  { prefetch, chunk }: { readonly prefetch: number; readonly chunk: number },
  input: string,
): Promise<void> {
  const intake = intakes.get(input)!
  let open = 0
  let onRoom: (() => void) | undefined
  let refused: unknown
  const settled = (): void => {
    open--
    onRoom?.()
  }
  const refuse = (error: unknown): void => {
    refused ??= error
    settled()
  }
  const opened = async (most: number): Promise<void> => {
    while (open > most) await new Promise<void>((resolve) => (onRoom = resolve))
  }
  for (let from = 0; from < messages.length; from += chunk) {
    await opened(prefetch - chunk)
    for (const message of messages.slice(from, from + chunk)) {
      open++
      intake.deliver(message).then(settled, refuse)
    }
    // A turn for the loop, as the next read needs one.
    await new Promise((resolve) => setImmediate(resolve))
  }
  await opened(0)
  if (refused !== undefined) throw refused
}

/** Hands one message in unless the gateway says that it would have to wait; false when it does. Nobody waits for its fate. */
export function offer(message: Message, input: string): boolean {
  const intake = intakes.get(input)!
  if (intake.full) return false
  intake.deliver(message).catch(() => undefined)
  return true
}

export default defineTransport({
  name: 'burst',
  redelivers: false,
  options: { type: 'object' },
  subscription: { type: 'object' },
  open: () => ({
    subscribe(_, intake, { input }) {
      intakes.set(input, intake)
      return { start() {}, async stop() {} }
    },
  }),
})
