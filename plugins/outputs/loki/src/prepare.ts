import type { Batch, Rejection } from '@smart-gateway/sdk'
import { gatherer } from './gather.ts'
import { chooseLabels } from './labels.ts'
import { metadataReader } from './metadata.ts'
import type { LokiOptions } from './options.ts'
import { cutIntoPushes } from './push.ts'
import type { Push } from './stream.ts'

export interface Prepared {
  readonly pushes: readonly Push[]
  /** The records that cannot be sent at all. */
  readonly rejected: readonly Rejection[]
}

/** Turns a batch into pushes; `nowMs` is the time of records that have none. */
export type Prepare = (batch: Batch, nowMs: number) => Prepared

/** Makes what the options ask for. `leftOut` is told of each pair of metadata that does not fit into Loki's limits. */
export function preparer(options: Omit<LokiOptions, 'url'>, leftOut: () => void): Prepare {
  const choice = chooseLabels(options)
  const readMetadata = options.structuredMetadata ? metadataReader(choice, leftOut) : undefined
  const gather = gatherer(choice, readMetadata, options.maxBytes)
  return (batch, nowMs) => {
    const { streams, rejected } = gather(batch, nowMs)
    return { pushes: cutIntoPushes(streams, options), rejected }
  }
}
