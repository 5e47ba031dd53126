import { setTimeout as delay } from 'node:timers/promises'
import type { Health } from '@smart-gateway/sdk'
import { pick } from '@smart-gateway/sdk/testing'
import type { Peer } from '../author.ts'
import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { ensure, fail } from '../finding.ts'
import { KeepingIntake } from '../host/intake.ts'
import { stopped } from '../subject/generation.ts'
import type { AnySession, Generation } from '../subject/generation.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending, turn } from '../time.ts'
import { ensureNothingLeft, ensureStopped } from '../work/endings.ts'
import { exercise, subscribe } from '../work/exercise.ts'
import { faultOf, faultsOf } from '../work/faults.ts'
import type { Fault } from '../work/faults.ts'
import { textsFor } from '../work/messages.ts'

const STOP = 'Session.stop: finishes what is under way, then lets go of everything. Calling it twice is fine.'

/** From open to stop, in every order in which they come. */
export const LIFECYCLE: readonly Check[] = [
  {
    id: 'lifecycle.session',
    level: 'must',
    clauses: ['L-1', 'I-1'],
    kinds: KINDS,
    async run(subject) {
      const { session } = await subject.open()
      await work(subject, session)
      const address: unknown = session.address
      ensure(address === undefined || typeof address === 'string', {
        did: 'looked at the address of the session',
        saw: `it is ${typeof address}`,
        hint: 'Give a text for people, or leave it out.',
      })
    },
  },
  {
    id: 'lifecycle.health',
    level: 'must',
    clauses: ['L-9'],
    kinds: KINDS,
    async run(subject) {
      const generation = await subject.open()
      const { session } = generation
      if (session.health === undefined) return
      ensureHealth(session.health())
      await work(subject, session)
      const beganMs = performance.now()
      for (let i = 0; i < 100; i++) ensureHealth(session.health())
      const ms = performance.now() - beganMs
      ensure(ms < 100, {
        did: 'asked for its health 100 times',
        saw: `it took ${Math.round(ms)} ms`,
        hint: 'Tell what has happened; look at nothing anew.',
      })
      await workThroughFaults(subject, generation, (fault) => ensureHealth(session.health!(), fault))
    },
  },
  {
    id: 'lifecycle.metrics-named',
    level: 'must',
    clauses: ['L-13'],
    kinds: KINDS,
    async run(subject) {
      const generation = await subject.open()
      await work(subject, generation.session)
      const isDisturbed = await workThroughFaults(subject, generation, () => undefined)
      const did = `opened it and let it work${isDisturbed ? ', also while its peer had faults' : ''}`
      for (const { name, type } of subject.host.metrics) {
        ensure(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name), {
          did,
          saw: `it has a metric ${name}`,
          hint: 'Snake case: lower case, digits and single underscores.',
        })
        ensure((type === 'counter') === name.endsWith('_total'), {
          did,
          saw: `it has a ${type} ${name}`,
          hint: 'Names of counters end in _total, those of gauges do not.',
        })
      }
    },
  },
  {
    id: 'lifecycle.stop-twice',
    level: 'must',
    clauses: ['L-7'],
    kinds: KINDS,
    async run(subject) {
      const { session, loan } = await subject.open()
      await work(subject, session)
      ensureStopped(await stopped(session, loan, PATIENCE.graceMs, 2), 'called stop twice at once')
      ensureStopped(await stopped(session, loan), 'called stop once more')
    },
  },
  {
    id: 'lifecycle.orders',
    level: 'must',
    clauses: ['L-6', 'L-7'],
    kinds: KINDS,
    async run(subject) {
      for (let round = 0; round < 6; round++) {
        const generation = await subject.open({ generation: round + 1 })
        const order = ORDERS[round] ?? randomOrder(subject.random)
        for (const step of order) await take(subject, generation, step, order)
        await generation.close()
      }
      await ensureNothingLeft(
        subject,
        `opened it, and ended it in orders such as ${ORDERS[1]!.join(', ')}`,
        STOP,
      )
    },
  },
  {
    id: 'lifecycle.hanging-peer',
    level: 'must',
    clauses: ['L-3', 'L-6'],
    kinds: ['output', 'transport'],
    async run(subject) {
      const { definition } = subject
      const peer = await subject.peer()
      const hang = faultOf(peer, 'hang', 'hang')
      const generation = await subject.open()
      const { session, loan } = generation
      await hang()
      const working = workWithoutAnswer(subject, session, peer)
      await delay(50)
      const stopping = (async () => session.stop?.())()
      // The grace is a tenth of the gateway's: what waits for a peer that hangs waits as long in both.
      const within = await ending(() => stopping, 500)
      loan.abort()
      const end = within.how === 'pending' ? await ending(() => stopping, PATIENCE.leaveMs) : within
      const did = `stopped the ${definition.kind} while its peer hung, then aborted the signal`
      if (end.how === 'pending')
        fail({
          did,
          saw: `stop is pending ${PATIENCE.leaveMs} ms after that`,
          hint: 'Let the signal end requests that are under way.',
        })
      await generation.close()
      await peer.faults?.heal()
      await ending(() => working)
      await peer.close()
      await ensureNothingLeft(subject, did, STOP)
    },
  },
  {
    id: 'lifecycle.stops-soon',
    level: 'should',
    clauses: ['L-8'],
    kinds: KINDS,
    async run(subject) {
      const peer = subject.isFull ? await subject.peer() : undefined
      const faults = peer?.faults === undefined ? [] : faultsOf(peer).filter(({ name }) => SILENCES.has(name))
      if (faults.length === 0) await stopSoon(subject, peer)
      for (const fault of faults) await stopSoon(subject, peer, fault)
    },
  },
]

type Step = 'work' | 'stop' | 'abort' | 'turn'

const ORDERS: readonly (readonly Step[])[] = [
  ['stop'],
  ['abort', 'stop'],
  ['work', 'abort', 'stop', 'stop'],
  ['work', 'stop', 'abort', 'stop'],
]

function randomOrder(random: () => number): readonly Step[] {
  const steps: readonly Step[] = ['work', 'turn', 'turn']
  const before = Array.from({ length: Math.floor(random() * 4) }, () => pick(steps, random))
  return [
    ...before,
    pick(['stop', 'abort'] as const, random),
    pick(['turn', 'stop'] as const, random),
    'stop',
  ]
}

async function take(
  subject: Subject,
  { session, loan }: Generation,
  step: Step,
  order: readonly Step[],
): Promise<void> {
  if (step === 'work') await work(subject, session)
  else if (step === 'turn') await turn()
  else if (step === 'abort') loan.abort()
  else ensureStopped(await stopped(session, loan), `in the order ${order.join(', ')}`)
}

/** Lets it work; how that ends is for other checks to judge. */
async function work(subject: Subject, session: AnySession, judges = true): Promise<void> {
  const { definition, random, traces } = subject
  const subscription = await subject.subscription().catch(() => undefined)
  const done = traces.run(() => exercise({ session, definition, subscription, random }))
  await (judges ? done : done.catch(() => undefined))
}

/** Lets it work while nobody may answer; how that ends is for other checks to judge. */
async function workWithoutAnswer(subject: Subject, session: AnySession, peer?: Peer): Promise<void> {
  if (session.subscribe !== undefined && peer !== undefined) await receive(subject, session, peer)
  else await work(subject, session, false)
}

/** Lets a transport take a message, of which a peer that hangs may send a half. */
async function receive(subject: Subject, session: AnySession, peer: Peer): Promise<void> {
  const subscription = await subject.subscription()
  const intake = new KeepingIntake()
  // A stop may wait for the fate of what was delivered.
  intake.onDeliver = (delivered) => delivered.accept()
  const subscribed = await subject.traces.run(() => subscribe(session, subscription, intake))
  if (subscribed === undefined) return
  await ending(async () => subscribed.start(), PATIENCE.grantMs)
  await ending(async () => peer.produce?.(textsFor(1), subscribed.address))
  await ending(() => subscribed.stop(), PATIENCE.graceMs)
}

/** Faults in which a peer says nothing any more: what waits for its answer waits in vain. */
const SILENCES: ReadonlySet<string> = new Set(['down', 'hang'])

/** Lets it work, while its peer has a fault if one is given, and stops it; fails where that takes longer than L-8 grants. */
async function stopSoon(subject: Subject, peer: Peer | undefined, fault?: Fault): Promise<void> {
  const generation = await subject.open()
  const { session } = generation
  await fault?.begin()
  const working = workWithoutAnswer(subject, session, peer)
  await delay(NOTICED_MS)
  const stop = await ending(async () => session.stop?.(), PATIENCE.graceMs)
  ensure(stop.how !== 'pending', {
    did: `stopped it at work${fault === undefined ? '' : ` while the fault "${fault.name}" of its peer was on`}, its signal not aborted`,
    saw: `stop is pending after ${PATIENCE.graceMs} ms`,
    hint: 'Wait in stop for what is under way, but no longer than that: end requests that nobody answers.',
  })
  await generation.close()
  await fault?.heal()
  await ending(() => working)
}

/** What there is to see of a fault without waiting for it to pass. */
const PLAIN_FAULTS: ReadonlySet<string> = new Set(['refuse', 'busy', 'down'])
/** A peer that goes away is noticed by then. */
const NOTICED_MS = 50

/** Lets it work while its peer has one fault after the other, and looks at it each time; false where there is none. */
async function workThroughFaults(
  subject: Subject,
  { session, loan }: Generation,
  look: (fault: string) => void,
): Promise<boolean> {
  const peer = subject.isFull ? await subject.peer() : undefined
  if (peer?.faults === undefined) return false
  const faults = faultsOf(peer).filter(({ name }) => PLAIN_FAULTS.has(name))
  for (const { name, begin, heal } of faults) {
    // A session that gave itself up is not asked any more.
    if (loan.failures.length > 0) break
    await begin()
    if (session.write === undefined) await delay(NOTICED_MS)
    else await work(subject, session, false)
    look(name)
    await heal()
  }
  return faults.length > 0
}

function ensureHealth(health: Health, fault?: string): void {
  const { state, reason } = (health ?? {}) as { state?: unknown; reason?: unknown }
  const isKnown = state === 'ready' || (state === 'degraded' && typeof reason === 'string' && reason !== '')
  ensure(isKnown, {
    did: `asked for its health${fault === undefined ? '' : ` while the fault "${fault}" of its peer was on`}`,
    saw: `it says ${JSON.stringify(health)}`,
    hint: "Say { state: 'ready' } or { state: 'degraded', reason: 'one sentence' }.",
  })
}
