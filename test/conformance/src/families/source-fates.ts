import { setTimeout as delay } from 'node:timers/promises'
import type { Check } from '../check.ts'
import { ensure } from '../finding.ts'
import { PATIENCE, ending, until } from '../time.ts'
import { started, textsFor } from '../work/source.ts'
import { ensureFate, fateOf } from '../work/subscribed.ts'

const QUIET_MS = 150
const EMIT = 'The promise of emit is the fate of what was emitted: tell it when it has settled, not before.'

/** What an input that brings its records itself tells its peer of them. */
export const SOURCE_FATES: readonly Check[] = [
  {
    id: 'source.waits',
    level: 'must',
    clauses: ['I-18'],
    kinds: ['input'],
    async run(subject) {
      const { peer, source, generation } = await started(subject)
      const fate = fateOf(peer)
      source.hold()
      const [text] = textsFor(1)
      await peer.produce!([text!], generation.session.address)
      await until(() => source.count(text!) > 0)
      await delay(QUIET_MS)
      const early = await fate(text!)
      ensure(early === undefined, {
        did: 'produced a text and did not settle what it emitted',
        saw: `its peer was told that it is ${String(early)}`,
        hint: EMIT,
      })
      source.release()
      await ensureFate(peer, [text!], 'accepted', 'accepted what it had emitted, later', EMIT)
    },
  },
  {
    id: 'source.refuses',
    level: 'must',
    clauses: ['I-18'],
    kinds: ['input'],
    async run(subject) {
      const { peer, source, generation } = await started(subject)
      fateOf(peer)
      source.refuse(Infinity, false)
      const texts = textsFor(20)
      await peer.produce!(texts, generation.session.address)
      const did = 'refused for good what it emitted of 20 texts'
      await ensureFate(peer, texts, 'refused', did, 'An error with retryable: false is for ever.')
      await delay(QUIET_MS)
      const again = texts.filter((text) => source.count(text) > 1).length
      ensure(again === 0, { did, saw: `${again} came again`, hint: 'It would go round for ever.' })
    },
  },
  {
    id: 'source.settles-late',
    level: 'must',
    clauses: ['L-6', 'I-18'],
    kinds: ['input'],
    async run(subject) {
      const { peer, source, generation } = await started(subject)
      const fate = fateOf(peer)
      source.hold()
      const texts = textsFor(3)
      await peer.produce!(texts, generation.session.address)
      await until(() => texts.every((text) => source.count(text) > 0), QUIET_MS)
      const emitted = texts.filter((text) => source.count(text) > 0)
      const stopping = ending(async () => generation.session.stop?.(), PATIENCE.graceMs)
      await delay(QUIET_MS)
      source.release()
      const did = 'stopped it while emissions were pending, then accepted them'
      ensure((await stopping).how === 'resolved', { did, saw: 'stop does not resolve', hint: EMIT })
      const untold = async (): Promise<number> =>
        (await Promise.all(emitted.map(fate))).filter((one) => one === undefined || one === 'refused').length
      await until(async () => (await untold()) === 0)
      const missed = await untold()
      ensure(missed === 0, {
        did,
        saw: `its peer was not told so of ${missed} of ${emitted.length}`,
        hint: 'Wait in stop for what is emitted, and tell its fate before the connection ends.',
      })
    },
  },
  {
    id: 'source.redelivers',
    level: 'must',
    clauses: ['I-17', 'I-18'],
    kinds: ['input'],
    async run(subject) {
      const { peer, source, generation } = await started(subject)
      fateOf(peer)
      source.hold()
      const texts = textsFor(20)
      await peer.produce!(texts, generation.session.address)
      await until(() => texts.every((text) => source.count(text) > 0), QUIET_MS)
      await generation.close(QUIET_MS)
      const { source: next } = await started(subject, 2)
      await until(() => texts.every((text) => next.count(text) > 0), PATIENCE.settleMs)
      const lost = texts.filter((text) => next.count(text) === 0).length
      ensure(lost === 0, {
        did: 'stopped it while all that it had emitted was pending, and opened another one',
        saw: `${lost} of 20 texts did not come again`,
        hint: 'Acknowledge nothing that has no fate, in stop neither.',
      })
    },
  },
]
