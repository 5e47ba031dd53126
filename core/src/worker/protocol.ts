import type { Health, HttpRoute } from '@smart-gateway/sdk'
import type { Crossing } from './batch-crossing.ts'
import type { Fault } from './fault.ts'
import type { Notes } from '../pipeline/decoded.ts'

/** What a thread says of itself every second. */
export interface Beat {
  readonly heapBytes: number
  readonly health: Health | undefined
}

/** What a plugin's session can do, once it is open. */
export interface Opened {
  readonly verbs: readonly string[]
  readonly address?: string
}

/** The records of a batch that a store did not take, each by its position. */
export type Written = readonly (readonly [number, Fault])[]

/** A line for the instance's log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  /** Those of its fields that are errors. */
  readonly faults: Readonly<Record<string, Fault>>
  readonly message: string
}

/** A metric, and what happens to it; nothing where it is only declared. */
export interface MetricNote {
  readonly type: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly by?: number
  readonly value?: number
  readonly labels?: Readonly<Record<string, string>>
}

/** A route that a plugin wants to be served. */
export interface Serving {
  readonly id: number
  readonly route: HttpRoute
}

/** Records that an input without a transport made. */
export interface Emission {
  readonly batches: readonly Crossing[]
  readonly notes: Notes
}
