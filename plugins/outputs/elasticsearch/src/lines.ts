import { createHash } from 'node:crypto'
import { permanent } from '@smart-gateway/sdk'
import type { BatchOf, EventRecord, LogRecord, Rejection } from '@smart-gateway/sdk'
import { eventDocument, logDocument } from './document.ts'
import { indexName } from './index-name.ts'

/** One record as a bulk request holds it: an action and a document, each ended by a line feed. */
export interface Line {
  /** The record's position in its batch. */
  readonly index: number
  readonly text: string
  readonly bytes: number
}

export interface Lines {
  readonly lines: readonly Line[]
  readonly rejected: readonly Rejection[]
}

export type Names = { readonly events: string; readonly logs: string } | undefined

/** Turns batches into lines for a bulk request; with `dataStreams` all go there, else each to its record's own index. */
export function lineWriter(dataStreams: Names): (batch: BatchOf<'event' | 'log'>) => Lines {
  const heads = new Map<string, string>()
  const headOf = (index: string): string => {
    const known = heads.get(index)
    if (known !== undefined) return known
    const head = `{"create":{"_index":${JSON.stringify(indexName(index))}`
    if (heads.size >= MOST_HEADS) heads.clear()
    heads.set(index, head)
    return head
  }

  return (batch) => {
    const lines: Line[] = []
    const rejected: Rejection[] = []
    const stream = batch.signal === 'event' ? dataStreams?.events : dataStreams?.logs
    for (let index = 0; index < batch.length; index += 1) {
      const record = batch.records[index]!
      try {
        const document =
          batch.signal === 'event' ? eventDocument(record as EventRecord) : logDocument(record as LogRecord)
        const text = `${headOf(stream ?? record.index)}${idOf(record)}}}\n${document}\n`
        lines.push({ index, text, bytes: Buffer.byteLength(text) })
      } catch (cause) {
        const reason = `This ${batch.signal} cannot be written as JSON: ${(cause as Error).message}`
        rejected.push({ index, error: permanent(reason, { cause }) })
      }
    }
    return { lines, rejected }
  }
}

/** Log indices are named by host and day, so old names must go. */
const MOST_HEADS = 1000
const MOST_ID_BYTES = 512

// Elasticsearch refuses the whole request for one id that is longer.
function idOf({ id }: EventRecord | LogRecord): string {
  if (id === undefined || id === '') return ''
  const fits = id.length * 3 <= MOST_ID_BYTES || Buffer.byteLength(id) <= MOST_ID_BYTES
  return `,"_id":${JSON.stringify(fits ? id : createHash('sha256').update(id).digest('hex'))}`
}
