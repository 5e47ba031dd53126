import { Hono } from 'hono'
import { residual } from '../pipeline/ledger.ts'
import type { EdgeCounts } from '../pipeline/ledger.ts'
import type { Registry } from '../registry/registry.ts'

/** What became of the messages of one input since the start. */
export interface MessageLine {
  readonly input: string
  readonly received: number
  /** Acknowledged. */
  readonly settled: number
  /** Given back, to be sent again. */
  readonly returned: number
  /** Never to be sent again: they, or records of them, are dead letters. */
  readonly refused: number
  /** Lost: their source cannot send them again. */
  readonly dropped: number
  readonly inFlight: number
  /** Always 0, or the gateway has a fault. */
  readonly residual: number
  /** Of those settled: they decoded to nothing. */
  readonly empty: number
  /** Records of them that a filter of the input took away. */
  readonly filteredRecords: number
  /** Records of them that no output takes. */
  readonly unroutedRecords: number
}

/** What became of the records that one input handed to one output since the start. */
export interface RecordLine extends Readonly<EdgeCounts> {
  readonly input: string
  readonly output: string
  readonly inFlight: number
  /** Always 0, or the gateway has a fault. */
  readonly residual: number
}

/** Both ledgers. */
export interface Ledgers {
  readonly messages: readonly MessageLine[]
  readonly records: readonly RecordLine[]
}

/** The routes below /api/v1/ledger. */
export function ledgerRoutes(registry: Registry): Hono {
  const app = new Hono()
  app.get('/', (c) => c.json(ledgersOf(registry)))
  return app
}

// All of it is read in one turn: nothing moves between two lines.
function ledgersOf({ inputs, outputs }: Registry): Ledgers {
  return {
    messages: inputs.map(({ spec, intake }) => {
      const { received, settled, returned, refused, dropped, empty, filtered, unrouted } = intake.counts
      return {
        input: spec.name,
        received,
        settled,
        returned,
        refused,
        dropped,
        inFlight: intake.inFlight,
        residual: intake.unaccounted,
        empty,
        filteredRecords: filtered,
        unroutedRecords: unrouted,
      }
    }),
    records: outputs.flatMap(({ spec, queue, holds: { inFlight } }) =>
      [...queue.ledger.edges].map(([input, counts]) => {
        const open = inFlight.get(input) ?? 0
        return { input, output: spec.name, ...counts, inFlight: open, residual: residual(counts, open) }
      }),
    ),
  }
}
