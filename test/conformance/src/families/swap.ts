import { isDeepStrictEqual } from 'node:util'
import type { Check } from '../check.ts'
import { KINDS } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import { KeepingIntake } from '../host/intake.ts'
import type { AnySession, Generation } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import { sizeOf } from '../subject/state-size.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending, until } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { exercise } from '../work/exercise.ts'
import { inTime } from '../work/faulty.ts'
import { join, produce, textsFor } from '../work/messages.ts'
import { exported } from '../work/state.ts'
import { missing, storedCounts, worthWriting } from '../work/stored.ts'
import { watched } from '../work/unchanged.ts'
import { signalsOf, write, writeWell } from '../work/write.ts'

const BESIDE = 'The new generation is opened beside the old one, which goes on working until the cut-over.'
const EXPORT =
  'OutputSession.exportState: any structured-cloneable value; exporting MUST NOT change the session.'

/** One generation in the place of another. */
export const SWAP: readonly Check[] = [
  {
    id: 'swap.beside',
    level: 'must',
    clauses: ['L-4'],
    kinds: KINDS,
    async run(subject) {
      const before = await subject.open()
      await works(subject, before.session, 'before the swap')
      const next = await another(subject)
      await works(subject, before.session, 'while its successor was open')
      next.loan.activate()
      await before.close()
      await works(subject, next.session, 'after its predecessor was stopped')
    },
  },
  {
    id: 'swap.aborted',
    level: 'must',
    clauses: ['L-4'],
    kinds: KINDS,
    async run(subject) {
      const before = await subject.open()
      await works(subject, before.session, 'before the swap')
      for (const generation of [2, 3]) await (await another(subject, generation)).close()
      await works(subject, before.session, 'after two swaps that were given up')
      ensure(before.loan.failures.length === 0, {
        did: 'opened and stopped two successors',
        saw: `the old session gave itself up: ${messageOf(before.loan.failures[0])}`,
        hint: 'Generations share nothing but what the context lends.',
      })
    },
  },
  {
    id: 'swap.under-load',
    level: 'must',
    clauses: ['L-4', 'O-1'],
    kinds: ['output'],
    async run(subject) {
      const peer = await subject.peer()
      const before = await subject.open()
      const signals = worthWriting(subject, peer)
      const tokens: string[] = []
      const put = async (session: AnySession, when: string): Promise<void> => {
        for (const signal of inTime(signals, 500)) {
          const marked = markedBatch(signal, 20, subject.random)
          tokens.push(...marked.tokens)
          await writeWell(session, marked.batch, when)
        }
      }
      await put(before.session, 'before the swap')
      let isOpen = false
      const opening = another(subject).finally(() => (isOpen = true))
      for (let i = 0; i < 50 && !isOpen; i++) await put(before.session, 'while its successor opened')
      const next = await opening
      await put(before.session, 'while its successor was open')
      await handOver(before.session, next.session)
      next.loan.activate()
      const [stopped] = await Promise.all([
        ending(() => before.close(), PATIENCE.grantMs),
        put(next.session, 'while its predecessor stopped'),
      ])
      ensure(stopped.how === 'resolved', {
        did: 'stopped the old generation',
        saw: 'it does not stop',
        hint: 'See lifecycle.',
      })
      await put(next.session, 'after the swap')
      const lost = await missing(peer, next.session.address, tokens)
      ensure(lost.length === 0, {
        did: `wrote ${tokens.length} records before, during and after a swap`,
        saw: `the store lacks ${lost.length} of them`,
        hint: 'Hand over with exportState and restore what only the session holds.',
      })
    },
  },
  {
    id: 'swap.subscription',
    level: 'must',
    clauses: ['L-4', 'T-10'],
    kinds: ['transport'],
    async run(subject) {
      const { definition } = subject
      if (definition.kind !== 'transport') notRun('it is no transport')
      const peer = await subject.peer()
      if (peer.produce === undefined) notTried('the peer of conformance.js cannot produce', 'produce')
      const intake = new KeepingIntake()
      intake.onDeliver = (delivered) => void setImmediate(() => delivered.accept())
      const before = await subject.open()
      const old = await join(subject, before, intake)
      await old.start()
      const next = await another(subject)
      const fresh = await join(subject, next, intake)
      const texts = [textsFor(50), textsFor(200), textsFor(50)] as const
      await produce(peer, texts[0], old)
      const during = produce(peer, texts[1], old)
      // Two consumers at once would mix the order of what the peer keeps; where it keeps nothing, nobody may be away.
      const steps = [() => old.stop(), async () => await fresh.start()]
      for (const step of definition.redelivers ? steps : steps.toReversed()) await step()
      next.loan.activate()
      await during
      await before.close()
      await produce(peer, texts[2], fresh)
      const isFated = async (text: string): Promise<boolean> =>
        intake.with(text).length > 0 || (!definition.redelivers && (await peer.fate?.(text)) === 'returned')
      const lost = async (): Promise<readonly string[]> => {
        const fated = await Promise.all(texts.flat().map(isFated))
        return texts.flat().filter((_, i) => !fated[i])
      }
      await until(async () => (await lost()).length === 0)
      const missed = (await lost()).length
      ensure(missed === 0, {
        did: 'sent 300 messages before, during and after a swap',
        saw: `${missed} of them were neither delivered nor given back`,
        hint: 'Deliver or give back what still comes after stop was called; acknowledge nothing of it.',
      })
    },
  },
  {
    id: 'swap.state',
    level: 'must',
    clauses: ['S-1', 'S-3', 'S-4'],
    kinds: ['output'],
    async run(subject) {
      const { before, signal } = await stateful(subject)
      await write(before.session, markedBatch(signal, 20, subject.random).batch)
      const state = await exported(before.session)
      if (state === undefined) notRun('it has no state to hand over')
      const hint =
        'Give plain data: maps, sets and typed arrays are fine, functions and class instances are not.'
      const copy = cloned(state)
      if (copy instanceof Error) fail({ did: 'cloned what exportState gave', saw: copy.message, hint })
      const again = await exported(before.session)
      ensure(sizeOf(again) === sizeOf(state), {
        did: 'called exportState twice',
        saw: 'it gave another state',
        hint: EXPORT,
      })
      await works(subject, before.session, 'after exportState')
      const next = await another(subject)
      const restored = await ending(async () => next.session.restore!(copy), PATIENCE.grantMs)
      if (restored.how !== 'resolved')
        fail({
          did: 'restored what exportState gave',
          saw: restored.how === 'pending' ? 'it is pending' : `it failed: ${messageOf(restored.error)}`,
          hint: 'A state of the same version is taken.',
        })
      const taken = await exported(next.session)
      ensure(next.session.exportState === undefined || sizeOf(taken) === sizeOf(state), {
        did: 'restored what exportState gave, then called exportState of the new session',
        saw: 'its state is not what it was given',
        hint: 'Take over everything in restore.',
      })
    },
  },
  {
    id: 'swap.unknown-state',
    level: 'must',
    clauses: ['S-5'],
    kinds: ['output'],
    async run(subject) {
      const { session } = await subject.open()
      if (session.restore === undefined) notRun('it takes no state over')
      for (const [i, junk] of JUNK.entries()) {
        const { session: next } = await another(subject, i + 2)
        const end = await ending(async () => next.restore!(structuredClone(junk)), PATIENCE.grantMs)
        const did = `restored ${JSON.stringify(junk)}`
        const hint = 'Look at the form of a state before it is taken: another version may have made it.'
        if (end.how !== 'resolved')
          fail({
            did,
            saw: end.how === 'pending' ? 'it is pending' : `it failed: ${messageOf(end.error)}`,
            hint,
          })
        await works(subject, next, `after it was given ${JSON.stringify(junk)} as a state`)
      }
    },
  },
  {
    id: 'swap.export-copy',
    level: 'must',
    clauses: ['S-2'],
    kinds: ['output'],
    async run(subject) {
      const { before, signal } = await stateful(subject)
      if (before.session.follow !== undefined) notRun('it follows, and may hand over what goes on changing')
      await write(before.session, markedBatch(signal, 5, subject.random).batch)
      const state = await exported(before.session)
      const then = cloned(state)
      await write(before.session, markedBatch(signal, 5, subject.random).batch)
      ensure(then instanceof Error || isDeepStrictEqual(cloned(state), then), {
        did: 'called exportState, then wrote',
        saw: 'the state that it gave has changed',
        hint: 'Give a copy.',
      })
    },
  },
  {
    id: 'swap.follow',
    level: 'must',
    clauses: ['S-6'],
    kinds: ['output'],
    async run(subject) {
      const { before, signal } = await stateful(subject)
      if (before.session.follow === undefined) notRun('it does not follow')
      await write(before.session, markedBatch(signal, 5, subject.random).batch)
      const state = cloned(await exported(before.session))
      const { batch, tokens } = markedBatch(signal, 5, subject.random)
      await write(before.session, batch)
      const next = await another(subject)
      await next.session.restore!(state)
      const { address } = before.session
      const peer = subject.isFull ? await subject.peer() : undefined
      const counts = async () =>
        peer?.received === undefined
          ? undefined
          : [...(await storedCounts(peer, address, tokens)).values()].join()
      const countsBefore = await counts()
      const changed = watched(batch)
      const end = await ending(async () => next.session.follow!(batch as never), PATIENCE.grantMs)
      const did = 'let the new session follow a batch that the old one had written'
      if (end.how !== 'resolved')
        fail({
          did,
          saw: end.how === 'pending' ? 'it is pending' : `it failed: ${messageOf(end.error)}`,
          hint: 'See follow in the SDK.',
        })
      const what = changed()
      ensure(what === undefined, { did, saw: String(what), hint: 'Outputs share a batch.' })
      ensure((await counts()) === countsBefore, {
        did,
        saw: 'the store has its records once more',
        hint: 'Take note of it, no more.',
      })
      const [mine, its] = [await exported(next.session), await exported(before.session)]
      ensure(sizeOf(mine) === sizeOf(its), {
        did,
        saw: 'its state is not that of the old one then',
        hint: 'Change the state as write does.',
      })
    },
  },
]

const JUNK: readonly unknown[] = [
  'conformance',
  7,
  null,
  [],
  { conformance: { version: 999 } },
  new Map([['a', 1]]),
]

function another(subject: Subject, generation = 2): Promise<Generation> {
  return subject.open({ generation, live: false })
}

/** As the gateway hands over where nothing is written meanwhile. */
async function handOver(before: AnySession, next: AnySession): Promise<void> {
  if (before.exportState === undefined || next.restore === undefined) return
  const state = await exported(before)
  if (state !== undefined) await next.restore(structuredClone(state))
}

async function stateful(subject: Subject) {
  const before = await subject.open()
  if (before.session.exportState === undefined || before.session.restore === undefined)
    notRun('it hands no state over')
  const [signal] = subject.isFull
    ? worthWriting(subject, await subject.peer())
    : signalsOf(subject.definition)
  return { before, signal: signal! }
}

/** A session does its work: whatever it is for, it does not fail. */
async function works(subject: Subject, session: AnySession, when: string): Promise<void> {
  const { definition, random } = subject
  if (session.write !== undefined) {
    for (const signal of signalsOf(definition))
      await writeWell(session, markedBatch(signal, 3, random).batch, when)
    return
  }
  const subscription = await subject.subscription()
  const end = await ending(() => exercise({ session, definition, subscription, random }), PATIENCE.grantMs)
  if (end.how !== 'resolved')
    fail({
      did: `let it work ${when}`,
      saw: end.how === 'pending' ? 'it is pending' : messageOf(end.error),
      hint: BESIDE,
    })
}

function cloned(value: unknown): unknown {
  try {
    return structuredClone(value)
  } catch (error) {
    return error as Error
  }
}
