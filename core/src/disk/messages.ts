import type { Signal } from '@smart-gateway/sdk'
import type { ErrorCode } from '../errors.ts'

/** A batch as it lies on the disk. */
export interface Row {
  readonly id: number
  readonly input: string
  readonly signal: Signal
  readonly records: number
  /** What it costs: its body, and the texts of the series that it is the first to name. */
  readonly bytes: number
  readonly arrivedMs: number
  readonly body: Uint8Array<ArrayBuffer>
}

/** Series that the file does not have yet, or that its reader does not know yet, as JSON. */
export interface SeriesText {
  readonly id: number
  readonly text: string
}

/** Sums over the batches of a file. */
export interface Amount {
  readonly batches: number
  readonly records: number
  readonly bytes: number
}

/** A failure on its way between threads, where an error would lose its properties. */
export interface Fault {
  readonly code: ErrorCode
  readonly message: string
  readonly reason?: string
}

/** A batch that cannot be read any more. `input` and `records` are what its row says and may be damaged themselves. */
export interface Damage {
  readonly id: number
  readonly input: string
  readonly records: number
  /** What it cost on the disk. */
  readonly bytes: number
  readonly reason: string
}

export type WriteRequest =
  | { readonly kind: 'append'; readonly row: Row; readonly series: readonly SeriesText[] }
  | { readonly kind: 'remove'; readonly ids: readonly number[] }
  | { readonly kind: 'forgetSeries'; readonly ids: readonly number[] }

/** What the thread is asked, in the order in which it is done. */
export type Request =
  | WriteRequest
  | { readonly kind: 'read'; readonly afterId: number; readonly maxBytes: number }
  | { readonly kind: 'setAside'; readonly damage: Damage }
  | { readonly kind: 'close' }

/** What the thread says. Requests of one kind are answered in their order. */
export type Reply =
  | {
      readonly kind: 'opened'
      readonly recovered: Amount
      readonly damaged: readonly Damage[]
      readonly lastId: number
      readonly lastSeriesId: number
    }
  | {
      readonly kind: 'committed'
      /** Every append up to this id that was not refused is on the disk. */
      readonly upToId: number
      /** So many of the oldest open removals are done. */
      readonly removals: number
      readonly stored: Amount
      /** Every batch before this id is gone. */
      readonly oldestId: number
    }
  | { readonly kind: 'refused'; readonly upToId: number; readonly fault: Fault }
  | { readonly kind: 'rows'; readonly rows: readonly Row[]; readonly series: readonly SeriesText[] }
  | { readonly kind: 'damaged'; readonly damage: Damage; readonly stored: Amount }
  | { readonly kind: 'failed'; readonly fault: Fault }
