import { Counter, Gauge } from 'prom-client'
import type { Registry as Metrics } from 'prom-client'
import type { DeadLetterBox } from '../dead-letters/dead-letter-box.ts'

const FATES = ['kept', 'notKept', 'replayed', 'dropped', 'discarded'] as const

/** Registers what can be measured of the dead letter store. */
export function registerDeadLetterMetrics(metrics: Metrics, box: DeadLetterBox): void {
  const total: Counter<'fate'> = new Counter({
    name: 'smart_gateway_dead_letters_total',
    help: 'Dead letters by fate: kept, not_kept (a fault), replayed, dropped (by a person), discarded (by the bound).',
    labelNames: ['fate'],
    registers: [metrics],
    collect() {
      total.reset()
      const { counts } = box
      for (const fate of FATES) total.inc({ fate: fate === 'notKept' ? 'not_kept' : fate }, counts[fate])
    },
  })
  const gauges = [
    ['smart_gateway_dead_letters', 'Dead letters in the store, once it was opened.', 'letters'],
    ['smart_gateway_dead_letter_bytes', 'Bytes of dead letters in the store, once it was opened.', 'bytes'],
  ] as const
  for (const [name, help, count] of gauges) {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [metrics],
      collect: () => gauge.set(box.counts[count]),
    })
  }
}
