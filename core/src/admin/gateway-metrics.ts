import { collectDefaultMetrics, Counter, Gauge } from 'prom-client'
import type { Registry as Metrics } from 'prom-client'
import type { Entry, Registry } from '../registry/registry.ts'

type Labels = Readonly<Record<string, string>>

/** A metric whose values are read when it is asked for: the pipeline itself keeps plain numbers. */
interface Reading {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  read(registry: Registry): readonly (readonly [Labels, number])[]
}

const COMPONENT = ['component', 'kind', 'plugin'] as const
const STATES = ['starting', 'ready', 'degraded', 'failed', 'draining', 'stopped'] as const

const FATES = ['routed', 'recovered', 'delivered', 'filtered', 'rejected', 'returned'] as const
/** Why records were dropped, and where that is counted. */
const DROPS = { queue_full: 'dropped', expired: 'expired', filter_closed: 'unfiltered' } as const

const COUNTERS: readonly Reading[] = [
  {
    name: 'smart_gateway_component_received_records_total',
    help: 'Records that an input decoded, that a filter was given, or that were routed to an output.',
    labels: COMPONENT,
    read: ({ filters, inputs, outputs }) => [
      ...inputs.map(
        (input) => [labelsOf(input), input.intake.counts.records + input.intake.counts.filtered] as const,
      ),
      ...filters.map((filter) => [labelsOf(filter), filter.sieve.counts.records] as const),
      ...outputs.map((output) => [labelsOf(output), output.queue.ledger.total.routed] as const),
    ],
  },
  {
    name: 'smart_gateway_component_sent_records_total',
    help: 'Records that an input or a filter handed on, or that the store of an output accepted.',
    labels: COMPONENT,
    read: ({ filters, inputs, outputs }) => [
      ...inputs.map(
        (input) => [labelsOf(input), input.intake.counts.records - input.intake.counts.unrouted] as const,
      ),
      ...filters.map(
        (filter) => [labelsOf(filter), filter.sieve.counts.records - filter.sieve.counts.filtered] as const,
      ),
      ...outputs.map((output) => [labelsOf(output), output.queue.ledger.total.delivered] as const),
    ],
  },
  {
    name: 'smart_gateway_component_discarded_records_total',
    help: 'Records that went nowhere, by reason: unrouted, skipped (not a sample), filtered (by a filter of the input or output), rejected (by the store, or a filter failed on it), queue_full (by policy), expired (older than maxAge), filter_closed (a filter of an optional output was not open).',
    labels: [...COMPONENT, 'reason'],
    read: ({ inputs, outputs }) => [
      ...inputs.flatMap((input) => [
        [{ ...labelsOf(input), reason: 'unrouted' }, input.intake.counts.unrouted] as const,
        [{ ...labelsOf(input), reason: 'filtered' }, input.intake.counts.filtered] as const,
        [{ ...labelsOf(input), reason: 'skipped' }, input.intake.counts.skippedElements] as const,
      ]),
      ...outputs.flatMap((output) => [
        [{ ...labelsOf(output), reason: 'rejected' }, output.queue.ledger.total.rejected] as const,
        [{ ...labelsOf(output), reason: 'queue_full' }, output.queue.ledger.total.dropped] as const,
        [{ ...labelsOf(output), reason: 'expired' }, output.queue.ledger.total.expired] as const,
        [{ ...labelsOf(output), reason: 'filtered' }, output.queue.ledger.total.filtered] as const,
        [{ ...labelsOf(output), reason: 'filter_closed' }, output.queue.ledger.total.unfiltered] as const,
      ]),
    ],
  },
  {
    name: 'smart_gateway_component_errors_total',
    help: 'Messages and elements that did not decode, batches that a filter failed on, and writes that failed.',
    labels: [...COMPONENT, 'error'],
    read: ({ filters, inputs, outputs }) => [
      ...filters.map(
        (filter) => [{ ...labelsOf(filter), error: 'filter' }, filter.sieve.counts.failures] as const,
      ),
      ...inputs.flatMap((input) => [
        [{ ...labelsOf(input), error: 'decode_message' }, input.intake.counts.undecodable] as const,
        [{ ...labelsOf(input), error: 'decode_element' }, input.intake.counts.rejectedElements] as const,
      ]),
      ...outputs.map((output) => [{ ...labelsOf(output), error: 'write' }, output.failures] as const),
    ],
  },
  {
    name: 'smart_gateway_input_messages_total',
    help: 'Messages by fate: received; settled (acknowledged; empty are those of them that decoded to nothing), returned (to be sent again), refused (never to be sent again), dropped (lost: their source cannot send them again).',
    labels: ['component', 'fate'],
    read: ({ inputs }) =>
      inputs.flatMap(({ spec, intake }) =>
        (['received', 'settled', 'empty', 'returned', 'refused', 'dropped'] as const).map(
          (fate) => [{ component: spec.name, fate }, intake.counts[fate]] as const,
        ),
      ),
  },
  {
    name: 'smart_gateway_edge_records_total',
    help: 'Records of an input at an output: routed to it, recovered from its disk queue; delivered, filtered (by a filter of the output), rejected (dead-lettered), dropped (reason: queue_full by policy, expired beyond maxAge, filter_closed before an optional output), returned (their source sends them again).',
    labels: ['input', 'output', 'fate', 'reason'],
    read: ({ outputs }) =>
      outputs.flatMap(({ spec: { name: output }, queue }) =>
        [...queue.ledger.edges].flatMap(([input, counts]) => [
          ...FATES.map((fate) => [{ input, output, fate }, counts[fate]] as const),
          ...Object.entries(DROPS).map(
            ([reason, count]) => [{ input, output, fate: 'dropped', reason }, counts[count]] as const,
          ),
        ]),
      ),
  },
  {
    name: 'smart_gateway_input_series_not_remembered_total',
    help: 'Times that an input had to make a series anew because its table was full (gateway.maxSeries).',
    labels: ['component'],
    read: ({ inputs }) =>
      inputs.map(({ spec, series }) => [{ component: spec.name }, series.refused] as const),
  },
]

const GAUGES: readonly Reading[] = [
  {
    name: 'smart_gateway_input_messages_in_flight',
    help: 'Messages that have no fate yet.',
    labels: ['component'],
    read: ({ inputs }) =>
      inputs.map(({ spec, intake }) => [{ component: spec.name }, intake.inFlight] as const),
  },
  {
    name: 'smart_gateway_input_series',
    help: 'Series that an input remembers.',
    labels: ['component'],
    read: ({ inputs }) => inputs.map(({ spec, series }) => [{ component: spec.name }, series.size] as const),
  },
  {
    name: 'smart_gateway_queue_records',
    help: 'Records in the queue of an output, those being written included.',
    labels: ['component'],
    read: ({ outputs }) =>
      outputs.map(({ spec, holds }) => [{ component: spec.name }, sum(holds.inFlight.values())] as const),
  },
  {
    name: 'smart_gateway_queue_bytes',
    help: 'Bytes in the queue of an output: estimated memory, or on the disk.',
    labels: ['component'],
    read: ({ outputs }) =>
      outputs.map(({ spec, holds }) => [{ component: spec.name }, Math.round(holds.bytes)] as const),
  },
  {
    name: 'smart_gateway_queue_max_bytes',
    help: 'The bound of the queue of an output.',
    labels: ['component'],
    read: ({ outputs }) =>
      outputs.map(({ spec }) => [{ component: spec.name }, spec.queue.maxBytes] as const),
  },
  {
    name: 'smart_gateway_edge_records_in_flight',
    help: 'Records of an input that have no fate yet at an output.',
    labels: ['input', 'output'],
    read: ({ outputs }) =>
      outputs.flatMap(({ spec, holds }) =>
        [...holds.inFlight].map(([input, records]) => [{ input, output: spec.name }, records] as const),
      ),
  },
  {
    name: 'smart_gateway_unaccounted_records',
    help: 'Records routed to an output whose fate is unknown. Always 0, or the gateway has a fault.',
    labels: ['component'],
    read: ({ outputs }) =>
      outputs.map((output) => [{ component: output.spec.name }, output.unaccounted] as const),
  },
  {
    name: 'smart_gateway_unaccounted_messages',
    help: 'Messages of an input whose fate is unknown. Always 0, or the gateway has a fault.',
    labels: ['component'],
    read: ({ inputs }) =>
      inputs.map(({ spec, intake }) => [{ component: spec.name }, intake.unaccounted] as const),
  },
  {
    name: 'smart_gateway_output_breaker_open',
    help: '1 while an output tries one record at a time, after five failed writes in a row.',
    labels: ['component'],
    read: ({ outputs }) =>
      outputs.map(({ spec, broken }) => [{ component: spec.name }, broken ? 1 : 0] as const),
  },
  {
    name: 'smart_gateway_instance_state',
    help: '1 for the state that an instance is in.',
    labels: ['component', 'state'],
    read: ({ entries }) =>
      entries.flatMap(({ spec, status }) =>
        STATES.map((state) => [{ component: spec.name, state }, status.state === state ? 1 : 0] as const),
      ),
  },
  {
    name: 'smart_gateway_instance_generation',
    help: 'The number of the generation that works; 0 when none does.',
    labels: ['component'],
    read: ({ entries }) =>
      entries.map(({ spec, instance }) => [{ component: spec.name }, instance.live?.number ?? 0] as const),
  },
]

/** Registers what can be measured of the gateway, its process included. */
export function registerGatewayMetrics(metrics: Metrics, registry: Registry): void {
  collectDefaultMetrics({ register: metrics })
  for (const reading of COUNTERS) {
    const counter = new Counter({
      ...describe(reading, metrics),
      collect() {
        counter.reset()
        for (const [labels, value] of reading.read(registry)) counter.inc(labels, value)
      },
    })
  }
  for (const reading of GAUGES) {
    const gauge = new Gauge({
      ...describe(reading, metrics),
      collect() {
        gauge.reset()
        for (const [labels, value] of reading.read(registry)) gauge.set(labels, value)
      },
    })
  }
}

function describe({ name, help, labels }: Reading, metrics: Metrics) {
  return { name, help, labelNames: labels, registers: [metrics] }
}

function labelsOf({ spec, instance }: Entry): Labels {
  return { component: spec.name, kind: instance.kind, plugin: spec.plugin }
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
