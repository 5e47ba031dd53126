import { Counter, Gauge } from 'prom-client'
import type { Registry as Metrics } from 'prom-client'
import type { Changes } from '../change/changes.ts'
import type { InlineCode } from '../plugins/inline-code.ts'
import type { Standing } from '../change/standing.ts'

/** Registers what can be measured of changes; the pair of names for the configuration is Prometheus' own. */
export function registerChangeMetrics(
  metrics: Metrics,
  changes: Changes,
  standing: Standing,
  inlineCode: InlineCode,
): void {
  const registers = [metrics]
  const successful: Gauge = new Gauge({
    name: 'smart_gateway_config_last_reload_successful',
    help: 'Whether the last configuration was taken as it stood.',
    registers,
    collect: () => successful.set(standing.refusal === undefined ? 1 : 0),
  })
  const time: Gauge = new Gauge({
    name: 'smart_gateway_config_last_reload_success_timestamp_seconds',
    help: 'When a configuration was last taken as it stood.',
    registers,
    collect: () => time.set(Math.floor(standing.goodSinceMs / 1000)),
  })
  const inMemory: Gauge = new Gauge({
    name: 'smart_gateway_inline_generations',
    help: 'Generations whose code was imported into this process; it stays in memory, also when they are replaced.',
    registers,
    collect: () => inMemory.set(inlineCode.size),
  })
  const swaps = new Counter({
    name: 'smart_gateway_swaps_total',
    help: 'Generations swapped, by outcome.',
    labelNames: ['instance', 'outcome'],
    registers,
  })
  const changed = new Counter({
    name: 'smart_gateway_changes_total',
    help: 'Changes by what asked for them and how they ended.',
    labelNames: ['trigger', 'outcome'],
    registers,
  })
  changes.onDone(({ trigger, outcome, steps }) => {
    if (outcome !== undefined) changed.inc({ trigger, outcome })
    for (const { step, result } of steps)
      if (step.does === 'replaced')
        swaps.inc({ instance: step.name, outcome: result === 'done' ? 'succeeded' : 'failed' })
  })
}
