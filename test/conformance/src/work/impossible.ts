import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Hook } from '../finding.ts'
import type { Subject } from '../subject/subject.ts'
import { ending } from '../time.ts'
import { markedBatch } from './batches.ts'
import { textsFor } from './messages.ts'
import { missing, worthWriting } from './stored.ts'
import { ensureAll, subscribed } from './subscribed.ts'

/** What no peer of a plugin can do, and how that is seen of the plugin: it is looked at, not believed. */
interface Impossibility {
  readonly hooks: readonly Hook[]
  readonly reason: string
  isSeen(subject: Subject): Promise<boolean>
}

const ANSWERS: readonly Hook[] = ['faults.hang', 'faults.busy', 'faults.refuse', 'faults.refuseOnly']
/** A word that is said to a peer is said by then. */
const QUIET_MS = 150

const IMPOSSIBLE: readonly Impossibility[] = [
  {
    hooks: [...ANSWERS, 'faults.down', 'faults'],
    reason: 'its store is the session itself: no peer could fail',
    isSeen: isItsOwnStore,
  },
  {
    hooks: ANSWERS,
    reason: 'it stores without asking anybody: nobody could hang, be busy or refuse',
    isSeen: asksNobody,
  },
  {
    hooks: ['fate'],
    reason: 'it says nothing to its peer: nobody could be told a fate',
    isSeen: saysNothing,
  },
]

/** Why nobody could give a hook for this plugin; undefined where its author could. */
export async function whyImpossible(hook: Hook, subject: Subject): Promise<string | undefined> {
  for (const { hooks, reason, isSeen } of IMPOSSIBLE)
    if (hooks.includes(hook) && (await subject.once(reason, () => isSeen(subject)).catch(() => false)))
      return reason
  return undefined
}

/** Whether what an output writes is there as long as its session and no longer, as `keeps: false` says. */
export async function isItsOwnStore(subject: Subject): Promise<boolean> {
  return await subject.once('own store', () => goesWithSession(subject)).catch(() => false)
}

async function goesWithSession(subject: Subject): Promise<boolean> {
  if (subject.definition.kind !== 'output' || !subject.isFull) return false
  const peer = await subject.peer()
  if (peer.keeps !== false || peer.received === undefined) return false
  subject.forgetWays()
  const { session, close } = await subject.open({ instance: 'own-store', isolation: 'inline' })
  const { address } = session
  const [signal] = worthWriting(subject, peer)
  const { batch, tokens } = markedBatch(signal!, 1, subject.random)
  await ending(() => subject.traces.run(async () => session.write!(batch as never)))
  // Whoever goes to a store is not the store, though that may forget him.
  const { hasGone } = subject
  const isThere = (await missing(peer, address, tokens)).length === 0
  await close()
  if (hasGone) return false
  const after = await ending(() => missing(peer, address, tokens))
  return isThere && (after.how === 'rejected' || (after.how === 'resolved' && after.value.length > 0))
}

/** Whether an output brings records to where they are kept without a connection, a process or a thread: to a file. */
async function asksNobody(subject: Subject): Promise<boolean> {
  if (subject.definition.kind !== 'output' || !subject.isFull) return false
  const peer = await subject.peer()
  // Other checks may have left it disturbed.
  await peer.faults?.heal()
  subject.forgetWays()
  const before = processesEnded()
  // What it does in a thread is not seen from here.
  const { session, close } = await subject.open({ instance: 'alone', isolation: 'inline' })
  const [signal] = worthWriting(subject, peer)
  const { batch, tokens } = markedBatch(signal!, 1, subject.random)
  await ending(() => subject.traces.run(async () => session.write!(batch as never)))
  const hasRunOne = processesEnded() !== before
  const isThere = (await missing(peer, session.address, tokens)).length === 0
  await close()
  return isThere && !hasRunOne && !subject.hasWays && !subject.host.hasAnswered
}

/** A figure that grows with each process that this one has run, those of `execFileSync` too, which no hook tells of. */
function processesEnded(): string | undefined {
  try {
    // The page faults of children that were waited for: the 11th field, counted from behind the name, which may hold anything.
    return readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ')[8]
  } catch {
    return undefined
  }
}

/**
 * Whether a transport takes messages over what was lent to it, or reads them itself, and never says a word to anybody. One whose
 * peer redelivers remembers nothing of them either, if its next session delivers what the one before had accepted.
 */
async function saysNothing(subject: Subject): Promise<boolean> {
  if (subject.definition.kind !== 'transport') return false
  subject.forgetWays()
  const { peer, intake, subscription, generation } = await subscribed(subject, { instance: 'mute' })
  intake.onDeliver = (delivered) => delivered.accept()
  await subject.traces.run(async () => subscription.start())
  const texts = textsFor(3)
  await peer.produce!(texts, subscription.address)
  await ensureAll(intake, texts, 'sent 3 messages')
  await delay(QUIET_MS)
  await generation.close()
  if (subject.hasWays || subject.host.hasAnswered) return false
  if (!subject.definition.redelivers) return true
  const next = await subscribed(subject, { instance: 'mute', generation: 2 })
  next.intake.onDeliver = (delivered) => delivered.accept()
  await subject.traces.run(async () => next.subscription.start())
  await ensureAll(next.intake, texts, 'accepted 3 messages, and opened another session')
  await next.generation.close()
  return !subject.hasWays && !subject.host.hasAnswered
}
