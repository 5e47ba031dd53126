import { setTimeout as delay } from 'node:timers/promises'
import type { RecordSink } from '@smart-gateway/sdk'
import type { Peer } from '../author.ts'
import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import { KeepingSink } from '../host/sink.ts'
import type { Generation } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending, turn, until } from '../time.ts'
import { flawOfRecords } from '../work/decode.ts'

const QUIET_MS = 150

/** An input that brings its records itself. */
export const SOURCE: readonly Check[] = [
  {
    id: 'source.once',
    level: 'must',
    clauses: ['I-15', 'I-17'],
    kinds: ['input'],
    async run(subject) {
      const { peer, source, generation } = await started(subject)
      const texts = textsFor(50)
      await peer.produce!(texts, generation.session.address)
      const did = 'produced 50 texts and accepted what it emitted'
      const isAll = await until(() => texts.every((text) => source.count(text) > 0))
      ensure(isAll, {
        did,
        saw: `${texts.filter((text) => source.count(text) === 0).length} never came`,
        hint: 'Emit each.',
      })
      await delay(QUIET_MS)
      const twice = texts.filter((text) => source.count(text) > 1).length
      ensure(twice === 0, {
        did,
        saw: `${twice} came more than once`,
        hint: 'What was accepted is not emitted again.',
      })
      const flaw = source.sinks.map(flawOfRecords).find((one) => one !== undefined)
      if (flaw !== undefined) fail({ did, saw: flaw, hint: 'See the types of records in the SDK.' })
      await turn()
      const late = source.sinks.filter((sink) => sink.late > 0).length
      ensure(late === 0, {
        did,
        saw: `${late} sinks were filled after fill had returned`,
        hint: 'Fill the sink synchronously.',
      })
    },
  },
  {
    id: 'source.backpressure',
    level: 'must',
    clauses: ['I-17'],
    kinds: ['input'],
    async run(subject) {
      const { peer, source, generation } = await started(subject)
      source.hold()
      const texts = textsFor(50)
      await peer.produce!(texts, generation.session.address)
      await delay(QUIET_MS)
      source.release()
      const isAll = await until(() => texts.every((text) => source.count(text) > 0))
      ensure(isAll, {
        did: 'produced 50 texts and settled what it emitted only later',
        saw: `${texts.filter((text) => source.count(text) === 0).length} never came`,
        hint: 'Wait for emit, or keep what comes meanwhile.',
      })
    },
  },
  {
    id: 'source.given-back',
    level: 'must',
    clauses: ['I-17'],
    kinds: ['input'],
    async run(subject) {
      const { peer, source, generation } = await started(subject)
      source.refuse(1)
      const texts = textsFor(5)
      await peer.produce!(texts, generation.session.address)
      const isAll = await until(() => texts.every((text) => source.accepted(text)))
      ensure(isAll, {
        did: 'gave the first emission back as retryable, and accepted all others',
        saw: `${texts.filter((text) => !source.accepted(text)).length} were never emitted again`,
        hint: 'Emit it again, or let its peer send it again.',
      })
    },
  },
  {
    id: 'source.stops',
    level: 'must',
    clauses: ['I-15'],
    kinds: ['input'],
    async run(subject) {
      const { peer, source, generation } = await started(subject)
      await peer.produce!(textsFor(5), generation.session.address)
      await until(() => source.sinks.length > 0, QUIET_MS)
      const stopped = await ending(async () => generation.session.stop?.(), PATIENCE.graceMs)
      ensure(stopped.how === 'resolved', {
        did: 'stopped it',
        saw: 'stop does not resolve',
        hint: 'Wait for what is emitted, no longer.',
      })
      const before = source.sinks.length
      await ending(async () => peer.produce!(textsFor(5), generation.session.address), QUIET_MS)
      await delay(QUIET_MS)
      ensure(source.sinks.length === before, {
        did: 'went on producing after stop had resolved',
        saw: `it emitted ${source.sinks.length - before} times`,
        hint: 'End what produces before stop resolves.',
      })
    },
  },
]

/** What a started input emits, and its fate. */
class Source {
  readonly sinks: KeepingSink[] = []
  readonly #accepted = new Set<KeepingSink>()
  #held: PromiseWithResolvers<void> | undefined
  #refusals = 0

  readonly emit = async (fill: (out: RecordSink) => void): Promise<void> => {
    const sink = new KeepingSink()
    fill(sink)
    sink.closed = true
    this.sinks.push(sink)
    if (this.#refusals > 0) {
      this.#refusals--
      throw Object.assign(new Error('the store is away'), { retryable: true })
    }
    await this.#held?.promise
    this.#accepted.add(sink)
  }

  hold(): void {
    this.#held = Promise.withResolvers()
  }

  release(): void {
    this.#held?.resolve()
    this.#held = undefined
  }

  refuse(count: number): void {
    this.#refusals = count
  }

  /** How often a text was emitted. */
  count(text: string): number {
    return this.sinks.reduce((count, sink) => count + occurrences(sink, text), 0)
  }

  accepted(text: string): boolean {
    return [...this.#accepted].some((sink) => occurrences(sink, text) > 0)
  }
}

function occurrences({ samples, events, logs }: KeepingSink, token: string): number {
  return [...samples, ...events, ...logs].filter((record) => JSON.stringify(record).includes(token)).length
}

let produced = 0

function textsFor(count: number): readonly string[] {
  return Array.from({ length: count }, () => `s${(produced++).toString(36)}z`)
}

async function started(subject: Subject): Promise<{ peer: Peer; source: Source; generation: Generation }> {
  const generation = await subject.open()
  const { session } = generation
  if (session.start === undefined) notRun('it decodes what a transport brings')
  const peer = await subject.peer()
  if (peer.produce === undefined) notTried('the peer of conformance.js cannot produce', 'produce')
  const source = new Source()
  const end = await ending(() => subject.traces.run(() => session.start!(source.emit)), PATIENCE.grantMs)
  if (end.how === 'resolved') return { peer, source, generation }
  return fail({
    did: 'started it',
    saw:
      end.how === 'pending'
        ? `start is pending after ${PATIENCE.grantMs} ms`
        : `start failed: ${messageOf(end.error)}`,
    hint: 'Resolve once it produces.',
  })
}
