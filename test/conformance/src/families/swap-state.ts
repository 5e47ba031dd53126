import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Check } from '../check.ts'
import { ensure, fail, notRun } from '../finding.ts'
import type { AnySession, Generation } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import { StateComparison } from '../subject/same-state.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending, inTime } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { cloned, exported } from '../work/state.ts'
import { storedCounts, worthWriting } from '../work/stored.ts'
import { another, ensureReaches, works } from '../work/succession.ts'
import { watched } from '../work/unchanged.ts'
import { signalsOf, write } from '../work/write.ts'

/** What should not happen is waited for that long. */
const QUIET_MS = 150
const EXPORT =
  'OutputSession.exportState: any structured-cloneable value; exporting MUST NOT change the session.'

/** What one generation leaves to the next. */
export const SWAP_STATE: readonly Check[] = [
  {
    id: 'swap.state',
    level: 'must',
    clauses: ['S-1', 'S-3', 'S-4', 'S-8'],
    kinds: ['output'],
    async run(subject) {
      const { before, signal } = await stateful(subject)
      const comparison = new StateComparison()
      const { batch, tokens } = markedBatch(signal, 20, subject.random)
      await write(before.session, batch)
      const shown = await shownBy(subject, before, tokens)
      const state = await exported(before.session)
      if (state === undefined) notRun('it has no state to hand over')
      const hint =
        'Give plain data: maps, sets and typed arrays are fine, functions and class instances are not.'
      const copy = cloned(state)
      if (copy instanceof Error) fail({ did: 'cloned what exportState gave', saw: copy.message, hint })
      const known = structuredClone(copy)
      const again = comparison.difference(known, await exported(before.session))
      ensure(again === undefined, {
        did: 'called exportState twice',
        saw: `it gave another state: ${again} differs`,
        hint: EXPORT,
      })
      await works(subject, before.session, 'after exportState')
      const next = await another(subject)
      const kept = await keptBy(subject, before, tokens)
      const restored = await ending(async () => next.session.restore!(copy), PATIENCE.grantMs)
      if (restored.how !== 'resolved')
        fail({
          did: 'restored what exportState gave',
          saw: restored.how === 'pending' ? 'it is pending' : `it failed: ${messageOf(restored.error)}`,
          hint: 'A state of the same version is taken.',
        })
      const did = 'restored what exportState gave'
      // It may have begun to send without waiting for it.
      if (kept !== undefined) await delay(QUIET_MS)
      ensure((await keptBy(subject, before, tokens)) === kept, {
        did,
        saw: 'the store has the records that the old one had written once more',
        hint: 'Take note of the state, and send nothing: what stands in it is in the store.',
      })
      const hintTaken = 'Take over everything in restore.'
      const other = next.session.exportState && comparison.difference(known, await exported(next.session))
      ensure(other === undefined, {
        did: `${did}, then called exportState of the new session`,
        saw: `its state is not what it was given: ${other} differs`,
        hint: hintTaken,
      })
      next.loan.activate()
      ensure(isDeepStrictEqual(await shownBy(subject, next, tokens), shown), {
        did,
        saw: 'the new session shows other records than the old one did',
        hint: hintTaken,
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
      await ensureReaches(subject, session)
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
      await ensureNoHalves(subject, session)
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
      const comparison = new StateComparison()
      if (before.session.follow === undefined) notRun('it does not follow')
      await write(before.session, markedBatch(signal, 5, subject.random).batch)
      const state = cloned(await exported(before.session))
      const { batch, tokens } = markedBatch(signal, 5, subject.random)
      await write(before.session, batch)
      const next = await another(subject)
      await next.session.restore!(state)
      const kept = await keptBy(subject, before, tokens)
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
      ensure((await keptBy(subject, before, tokens)) === kept, {
        did,
        saw: 'the store has its records once more',
        hint: 'Take note of it, no more.',
      })
      const its = await exported(before.session)
      const other = comparison.difference(its, await exported(next.session))
      ensure(other === undefined, {
        did,
        saw: `its state is not that of the old one then: ${other} differs`,
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

/** Its own state with one member that is something else: it is refused, or ignored. */
async function ensureNoHalves(subject: Subject, session: AnySession): Promise<void> {
  await works(subject, session, 'before its state was exported')
  const state = cloned(session.exportState === undefined ? undefined : await exported(session))
  if (typeof state !== 'object' || state === null || Object.getPrototypeOf(state) !== Object.prototype) return
  // One that says its version is known by that.
  const keys = 'version' in state ? ['version'] : Object.keys(state)
  for (const [i, key] of inTime(keys.entries())) {
    const { session: next } = await another(subject, JUNK.length + 2 + i)
    const end = await ending(
      async () => next.restore!({ ...structuredClone(state), [key]: 7 }),
      PATIENCE.grantMs,
    )
    // The swap fails then, as S-5 has it.
    if (end.how === 'rejected') continue
    await works(subject, next, `after it was given its own state with 7 as ${key}`)
  }
}

async function stateful(subject: Subject) {
  const before = await subject.open()
  if (before.session.exportState === undefined || before.session.restore === undefined)
    notRun('it hands no state over')
  await ensureReaches(subject, before.session)
  const [signal] = subject.isFull
    ? worthWriting(subject, await subject.peer())
    : signalsOf(subject.definition)
  return { before, signal: signal! }
}

/** How often the store has each of these records; undefined where no peer says it. */
async function keptBy(
  subject: Subject,
  { session }: Generation,
  tokens: readonly string[],
): Promise<string | undefined> {
  const peer = subject.isFull ? await subject.peer() : undefined
  if (peer?.received === undefined) return undefined
  return [...(await storedCounts(peer, session.address, tokens)).values()].join()
}

/** What a store that is the session itself has of these records, as its peer sees it; undefined for any other. */
async function shownBy(
  subject: Subject,
  { session }: Generation,
  tokens: readonly string[],
): Promise<readonly string[] | undefined> {
  const peer = subject.isFull ? await subject.peer() : undefined
  if (peer?.keeps !== false || peer.received === undefined) return undefined
  const lines = await peer.received(session.address)
  return lines.filter((line) => tokens.some((token) => line.includes(token))).toSorted()
}
