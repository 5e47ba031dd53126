import type { Batch, Definition, Subscription } from '@smart-gateway/sdk'
import { keepingLogger } from '../host/log.ts'
import { KeepingIntake } from '../host/intake.ts'
import { KeepingSink } from '../host/sink.ts'
import { Failure } from '../finding.ts'
import type { AnySession } from '../subject/generation.ts'
import { PATIENCE, ending, turn } from '../time.ts'
import { SIGNALS, contentOf, crossed, markedBatch, plainBatch } from './batches.ts'
import { decode, messageOf } from './decode.ts'
import { signalsOf, write } from './write.ts'

/** What a thread or a check gives the plugin to do. */
export interface Task {
  readonly session: AnySession
  readonly definition: Definition
  readonly subscription: unknown
  readonly random: () => number
  /** Whether batches come as they do in a thread. */
  readonly crosses?: boolean
  /** Where the log of a subscription goes; left out, nobody reads it. */
  readonly lines?: string[]
}

/** Lets a session do a little of what it is for; what it may refuse, it may refuse. Returns what it said doing so. */
export async function exercise({
  session,
  definition,
  subscription,
  random,
  crosses = false,
  lines,
}: Task): Promise<readonly unknown[]> {
  if (session.write !== undefined) {
    const said: unknown[] = []
    for (const signal of signalsOf(definition)) {
      const { batch } = markedBatch(signal, 3, random)
      const written = await write(session, crosses ? crossed(batch) : batch)
      said.push(written.how)
      if (written.how === 'failed') said.push(written.error)
    }
    return said
  }
  if (session.apply !== undefined) {
    return SIGNALS.map((signal) => {
      const batch = plainBatch(signal, random)
      return applied(session, crosses ? crossed(batch) : batch)
    })
  }
  if (session.decode !== undefined) {
    const { body, contentType } = (definition.kind === 'input' ? definition.example : undefined) ?? {
      body: '{}',
      contentType: 'application/json',
    }
    return [body, body.slice(1), body].map((text) => {
      const { sink, thrown } = decode(session, messageOf(text, contentType))
      return thrown === undefined ? sink.content : thrown.error
    })
  }
  if (session.start !== undefined) {
    await ending(
      () =>
        session.start!(async (fill) => {
          fill(new KeepingSink())
        }),
      PATIENCE.grantMs,
    )
    await turn()
    return []
  }
  const intake = new KeepingIntake()
  intake.onDeliver = (delivered) => delivered.accept()
  const subscribed = await subscribe(session, subscription, intake, 'reader', lines)
  if (subscribed === undefined) return []
  await ending(async () => subscribed.start(), PATIENCE.grantMs)
  await turn()
  await ending(() => subscribed.stop(), PATIENCE.graceMs)
  return []
}

/** What a filter makes of a batch; it may throw. */
function applied(session: AnySession, batch: Batch): unknown {
  try {
    return contentOf(session.apply!(batch))
  } catch (error) {
    return error
  }
}

/** Subscribes; undefined when it was refused. */
export async function subscribe(
  session: AnySession,
  options: unknown,
  intake: KeepingIntake,
  input = 'reader',
  lines: string[] = [],
): Promise<Subscription | undefined> {
  const context = { input, log: keepingLogger(lines) }
  const end = await ending(() => session.subscribe!(options, intake, context), PATIENCE.grantMs)
  if (end.how !== 'resolved') return undefined
  const { start, stop } = (end.value ?? {}) as Partial<Subscription>
  if (typeof start === 'function' && typeof stop === 'function') return end.value
  throw new Failure({
    did: 'subscribe',
    saw: 'it did not resolve with a subscription that has start and stop',
    hint: 'Return { start, stop } and, where there are any, address and credit.',
  })
}
