import type { MessagePort } from 'node:worker_threads'
import type { HttpRoute } from '@smart-gateway/sdk'
import type { Crossing } from './batch-crossing.ts'
import type { Fault } from './fault.ts'

/** What a thread is told of the generation that it runs. */
export interface Lent {
  /** Where the plugin lies. */
  readonly plugin: string
  readonly instance: string
  readonly options: unknown
  /** The folder from which relative paths are meant. */
  readonly folder: string
  /** Where messages come that are to be decoded while the host stands still. */
  readonly decoding: MessagePort
  /** Turns 1 when such a message has its answer. */
  readonly answered: Int32Array<SharedArrayBuffer>
}

/** What the session can do, once it is open. */
export interface Opened {
  readonly verbs: readonly string[]
  readonly address: unknown
}

/** What became of a batch, and the batch itself where the plugin has changed it. */
export interface Wrote {
  readonly rejected: unknown
  readonly changed: Crossing | undefined
  readonly fault: Fault | undefined
}

/** A line for the log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A metric, and what happens to it; nothing where it is only declared. */
export interface MetricNote {
  readonly type: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly value?: number
  readonly labels?: Readonly<Record<string, string>>
}

/** A route that is to be served. */
export interface Serving {
  readonly id: number
  readonly route: HttpRoute
}
