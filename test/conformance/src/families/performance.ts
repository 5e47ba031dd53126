import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { notRun } from '../finding.ts'
import { ending } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { decode, exampleOf } from '../work/decode.ts'
import { signalsOf } from '../work/write.ts'

const SPAN_MS = 250

/** Figures for the report; nothing is judged. */
export const PERFORMANCE: readonly Check[] = [
  {
    id: 'performance.open',
    level: 'report',
    clauses: [],
    kinds: KINDS,
    async run(subject) {
      const beganMs = performance.now()
      const { session } = await subject.open()
      const openMs = performance.now() - beganMs
      const stopMs = await timeOf(async () => session.stop?.())
      subject.notes.push(`open ${openMs.toFixed(1)} ms, stop ${stopMs.toFixed(1)} ms`)
    },
  },
  {
    id: 'performance.rate',
    level: 'report',
    clauses: [],
    kinds: ['input', 'output', 'filter'],
    async run(subject) {
      const { session } = await subject.open()
      const { definition, random } = subject
      if (session.decode !== undefined) {
        const message = exampleOf(subject)
        const rate = await rateOf(async () => void decode(session, message), 1)
        subject.notes.push(`${rate} messages/s decoded`)
      } else if (session.write !== undefined || session.apply !== undefined) {
        const signal = definition.kind === 'output' ? signalsOf(definition)[0]! : 'metric'
        const { batch } = markedBatch(signal, 1000, random)
        const rate = await rateOf(
          async () => void (await (session.write?.(batch as never) ?? session.apply?.(batch))),
          batch.length,
        )
        subject.notes.push(`${rate} records/s ${session.write === undefined ? 'filtered' : 'written'}`)
      } else notRun('it brings what its peer brings')
    },
  },
]

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now()
  await ending(work)
  return performance.now() - beganMs
}

async function rateOf(work: () => Promise<void>, size: number): Promise<string> {
  await work().catch(() => undefined)
  const beganMs = performance.now()
  let count = 0
  while (performance.now() - beganMs < SPAN_MS) {
    // A write that fails is none; how it fails is for other checks.
    if ((await ending(work)).how !== 'resolved') notRun('its peer does not take what is written')
    count += size
  }
  return Math.round((count / (performance.now() - beganMs)) * 1000).toLocaleString('en')
}
