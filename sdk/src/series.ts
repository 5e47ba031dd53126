import type { Series } from './record.ts'

/**
 * The host's table of interned series, lent to one input instance. It is bounded, outlives the generations of
 * the input and forgets what is no longer seen.
 */
export interface SeriesTable {
  /**
   * The series that this input stored under its own raw key, or undefined: not met yet, evicted, or stored by
   * another generation. The key is any string that the input can build cheaply from one message element.
   * Throws nothing.
   */
  lookup(key: string): readonly Series[] | undefined
  /**
   * Freezes and stores the series of one raw key and returns them interned: those that equal the stored ones
   * (also an earlier generation's) come back as the same objects. Never throws; past the table's limit the
   * series are usable but not stored, and that is counted.
   */
  intern(key: string, series: readonly Series[]): readonly Series[]
}
