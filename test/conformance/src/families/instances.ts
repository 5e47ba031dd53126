import { isDeepStrictEqual } from 'node:util'
import { seededRandom } from '@smart-gateway/sdk/testing'
import type { Peer } from '../author.ts'
import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { ensure } from '../finding.ts'
import { inThread } from '../lab/in-thread.ts'
import { openGeneration } from '../subject/generation.ts'
import type { AnySession } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import { optionsBeside } from '../subject/options-beside.ts'
import { StateComparison } from '../subject/same-state.ts'
import type { Subject } from '../subject/subject.ts'
import { ending } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { crossing } from '../work/crossing.ts'
import { exercise } from '../work/exercise.ts'
import { Reader } from '../work/reader.ts'
import { cloned, exported } from '../work/state.ts'
import { missing, worthWriting } from '../work/stored.ts'
import { ensureReaches } from '../work/succession.ts'
import { signalsOf, writeWell } from '../work/write.ts'

const HINT = 'Keep what a session knows in the closure of open, not in the module.'

/** Said where one instance is open and its peer does not see it: what setup gives is not as often there as it is called. */
const MIXED = 'its two peers of conformance.js cannot be told apart'

/** Instances of one module, which know nothing of each other. */
export const INSTANCES: readonly Check[] = [
  {
    id: 'lifecycle.two-instances',
    level: 'must',
    clauses: ['L-5'],
    kinds: KINDS,
    async run(subject) {
      await ensureUndisturbed(subject)
      await ensureOwnOptions(subject)
      await ensureOwnPeers(subject)
    },
  },
]

/** One works and stops; the other one does what one alone does. */
async function ensureUndisturbed(subject: Subject): Promise<void> {
  const alone = await subject.open({ instance: 'alone' })
  await ensureReaches(subject, alone.session)
  const expected = await outcomeOf(subject, alone.session)
  await alone.close()
  const one = await subject.open({ instance: 'one' })
  await outcomeOf(subject, one.session)
  const other = await subject.open({ instance: 'other', options: await apart(subject) })
  const comparison = new StateComparison()
  const stateBefore = cloned(await exported(other.session))
  await outcomeOf(subject, one.session)
  const differs = comparison.difference(stateBefore, cloned(await exported(other.session)))
  const did = 'opened two instances, and let one of them work and stop'
  ensure(differs === undefined, {
    did,
    saw: `the state of the other one changed: ${differs} differs`,
    hint: HINT,
  })
  await one.close()
  const seen = await outcomeOf(subject, other.session)
  ensure(seen === expected || !(await isSteady(subject)), {
    did,
    saw: `the other one does not do what one alone does: ${seen.slice(0, 200)} instead of ${expected.slice(0, 200)}`,
    hint: HINT,
  })
  await other.close()
}

/** What makes its outcome of messages or batches alone does with other options what it does with them in a thread of its own. */
async function ensureOwnOptions(subject: Subject): Promise<void> {
  const { definition, host, seed, traces, validator } = subject
  const base = await subject.options()
  const usual = await subject.open({ instance: 'usual' })
  if (!(await isSteady(subject))) return void subject.notes.push('it does not do the same twice')
  if (usual.session.decode === undefined && usual.session.apply === undefined) return
  const before = await outcomeOf(subject, usual.session)
  for (const [i, { key, options }] of optionsBeside(definition.options, base, validator).entries()) {
    const alone = await inThread(subject, { scenario: 'work' }, options)
    // What a schema cannot say of options shows when they are used.
    if (alone.failed !== undefined) continue
    const valid = subject.valid(definition.options, options)
    const owner = { instance: 'unusual', generation: i + 1 }
    const opened = await ending(() => traces.run(() => openGeneration(definition, host, owner, valid)))
    if (opened.how !== 'resolved') continue
    const said = await exercise({
      session: opened.value.session,
      definition,
      subscription: undefined,
      random: seededRandom(seed),
    })
    await opened.value.close()
    const did = `opened an instance beside one that has another ${key}, and let both work`
    ensure(isDeepStrictEqual(alone.said, structuredClone(said.map(crossing))), {
      did,
      saw: 'it does not do what it does alone',
      hint: HINT,
    })
    ensure((await outcomeOf(subject, usual.session)) === before, {
      did,
      saw: 'the other one does not do any more what it did before',
      hint: HINT,
    })
  }
}

/** Whether it does the same twice where there is no other instance, each time with a module of its own: a filter may decide by chance. */
async function isSteady(subject: Subject): Promise<boolean> {
  if (subject.definition.kind !== 'filter') return true
  const [first, second] = [
    await inThread(subject, { scenario: 'work' }),
    await inThread(subject, { scenario: 'work' }),
  ]
  return isDeepStrictEqual(first.said, second.said)
}

/** Two with a peer each: what is meant for one peer comes to it, whatever the other one has seen. */
async function ensureOwnPeers(subject: Subject): Promise<void> {
  if (!subject.isFull) return
  const near = await subject.peer()
  const far = await subject.anotherPeer()
  if (far instanceof Error) return void subject.notes.push(`no second peer: ${far.message}`)
  const isOneAddress = isDeepStrictEqual(near.options, far.options) && hasPort(near.options)
  if (isOneAddress) return void subject.notes.push('its peers are to be reached at one port')
  const { kind } = subject.definition
  if (kind === 'output') await ensureOwnStores(subject, [near, far])
  else if (near.produce !== undefined) await ensureOwnMessages(subject, [near, far])
}

type Pair<T> = readonly [T, T]

async function ensureOwnStores(subject: Subject, peers: Pair<Peer>): Promise<void> {
  const [near, far] = peers
  if (near.received === undefined) return
  const one = await subject.open({ instance: 'near', options: near.options })
  const first = markedBatch(worthWriting(subject, near)[0]!, 1, subject.random)
  await writeWell(one.session, first.batch, 'to one of two stores')
  if ((await missing(near, one.session.address, first.tokens)).length > 0)
    return void subject.notes.push(MIXED)
  const other = await subject.open({ instance: 'far', options: far.options })
  if (one.session.address === other.session.address && isDeepStrictEqual(near.options, far.options)) return
  const did = 'opened two instances with a store each, and wrote the same records to both'
  for (const signal of worthWriting(subject, near)) {
    const { batch, tokens } = markedBatch(signal, 3, subject.random)
    for (const { session } of [one, other]) await writeWell(session, batch, 'to one of two instances')
    for (const [i, { session }] of [one, other].entries()) {
      const lost = await missing(peers[i]!, session.address, tokens)
      ensure(lost.length === 0, {
        did,
        saw: `the store of the ${['first', 'second'][i]} lacks ${lost.length} of 3 (${signal})`,
        hint: HINT,
      })
    }
  }
}

async function ensureOwnMessages(subject: Subject, [near, far]: Pair<Peer>): Promise<void> {
  const one = await Reader.open(subject, near, 'near')
  if (one !== undefined && !(await one.comes()).hasCome) return void subject.notes.push(MIXED)
  const other = await Reader.open(subject, far, 'far')
  const isAlike = isDeepStrictEqual([near.options, near.subscription], [far.options, far.subscription])
  if (one === undefined || other === undefined || (isAlike && one.address === other.address)) return
  const did = 'opened two instances with a peer each, and let both peers send'
  for (const [reader, beside] of [
    [one, other],
    [other, one],
  ] as const) {
    const sent = await reader.comes()
    ensure(!sent.texts.some((text) => beside.has(text)), {
      did,
      saw: 'one of them handed on what the peer of the other one had sent',
      hint: HINT,
    })
    ensure(sent.hasCome, { did, saw: 'one of them does not hand on what its peer sends', hint: HINT })
  }
  await one.close()
  ensure((await other.comes()).hasCome, {
    did: `${did}, then stopped one`,
    saw: 'the other one does not hand on any more what its peer sends',
    hint: HINT,
  })
}

function hasPort({ port }: Readonly<Record<string, unknown>>): boolean {
  return typeof port === 'number' && port !== 0
}

/** What a session makes of one and the same work, as a text. */
async function outcomeOf(subject: Subject, session: AnySession): Promise<string> {
  const { definition, random } = subject
  if (session.write !== undefined) {
    const [signal] = signalsOf(definition)
    const end = await ending(() => session.write!(markedBatch(signal!, 2, random).batch as never))
    return end.how === 'rejected' ? `it failed: ${messageOf(end.error)}` : end.how
  }
  if (session.decode === undefined && session.apply === undefined) return ''
  const said = await exercise({ session, definition, subscription: undefined, random: () => 0.5 })
  return JSON.stringify(said, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}

/** Options for an instance beside: a port that is named can be had only once. */
async function apart(subject: Subject): Promise<Readonly<Record<string, unknown>>> {
  const options = await subject.options()
  return hasPort(options) && subject.isFull
    ? { ...options, ...(await subject.sample(subject.definition.options, 'options')) }
    : options
}
