import type { Batch, PluginError } from '@smart-gateway/sdk'

/** What a decoder made of several messages at once. */
export interface Decoded {
  /** How many of the messages it is of. */
  readonly count: number
  /** At most one of each signal. */
  readonly batches: readonly Batch[]
  /** How many records of each signal there are up to the end of each message. */
  readonly ends: Ends
  /** The messages that cannot be decoded, by their position. */
  readonly failures: ReadonlyMap<number, PluginError>
  /** What was left out of a message, by its position. */
  readonly notes: ReadonlyMap<number, Notes>
}

export interface Ends {
  readonly metric: Uint32Array
  readonly event: Uint32Array
  readonly log: Uint32Array
}

/** Elements of one message that were refused or left out. */
export interface Notes {
  readonly rejected: number
  readonly firstRejection: string
  readonly skips: number
}
