import type { Ends, Notes } from '../pipeline/decoded.ts'
import type { Crossing } from './batch-crossing.ts'
import type { Fault } from './fault.ts'

/** What a decoder made of several messages, on its way from the thread. */
export interface DecodedCrossing {
  readonly count: number
  readonly batches: readonly Crossing[]
  readonly ends: Ends
  readonly failures: readonly (readonly [number, Fault])[]
  readonly notes: readonly (readonly [number, Notes])[]
}
