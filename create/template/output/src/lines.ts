import { permanent } from '@smart-gateway/sdk'
import type { Batch, Rejection } from '@smart-gateway/sdk'
import { jsonEncoder } from '@smart-gateway/sdk/encode/json'

export interface Lines {
  /** One JSON object per record, each ended by a line feed. */
  readonly text: string
  readonly rejected: readonly Rejection[]
}

/** Turns batches into lines. A record that cannot be one is rejected alone: it keeps no other out. */
export function lineWriter(): (batch: Batch) => Lines {
  const encode = jsonEncoder()
  return (batch) => {
    let text = ''
    const rejected: Rejection[] = []
    for (let index = 0; index < batch.length; index++) {
      try {
        text += `${encode(batch, index)}\n`
      } catch (cause) {
        rejected.push({
          index,
          error: permanent(`this ${batch.signal} cannot be written as JSON`, { cause }),
        })
      }
    }
    return { text, rejected }
  }
}
