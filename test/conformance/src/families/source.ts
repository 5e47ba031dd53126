import { setTimeout as delay } from 'node:timers/promises'
import type { Check } from '../check.ts'
import { ensure, fail } from '../finding.ts'
import { PATIENCE, ending, turn, until } from '../time.ts'
import { flawOfRecords } from '../work/decode.ts'
import { started, textsFor } from '../work/source.ts'

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
      source.refuse(1, true)
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
