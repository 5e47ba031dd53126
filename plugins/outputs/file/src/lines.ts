import { permanent } from '@smart-gateway/sdk'
import { jsonEncoder } from '@smart-gateway/sdk/encode/json'
import type { Batch, Rejection } from '@smart-gateway/sdk'

export interface Lines {
  /** One JSON object per record, each ended by a line feed. */
  readonly bytes: Buffer
  readonly rejected: readonly Rejection[]
}

/** Turns batches into lines. */
export function lineWriter(): (batch: Batch) => Lines {
  // An archive keeps the difference between a value that is not a number and one that is too large.
  const encode = jsonEncoder({ nonFinite: 'text' })

  return (batch) => {
    const rejected: Rejection[] = []
    let text = ''
    for (let index = 0; index < batch.length; index += 1) {
      try {
        text += `${encode(batch, index)}\n`
      } catch (cause) {
        // A label that is nested a hundred thousand deep can be parsed, but may not fit the stack on its way out.
        const reason = `This ${batch.signal} cannot be written as JSON: ${(cause as Error).message}`
        rejected.push({ index, error: permanent(reason, { cause }) })
      }
    }
    return { bytes: Buffer.from(text), rejected }
  }
}
