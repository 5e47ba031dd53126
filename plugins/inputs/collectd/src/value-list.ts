import type { RecordSink, SeriesTable } from '@smart-gateway/sdk'
import { describes, holdsNul, makeSeries, rawKey } from './series.ts'

/** One element with `values`, as it came: nothing about the other members is known yet. */
export interface Candidate {
  readonly values: unknown
  readonly dstypes?: unknown
  readonly dsnames?: unknown
  readonly time?: unknown
  readonly interval?: unknown
  readonly host?: unknown
  readonly plugin?: unknown
  readonly plugin_instance?: unknown
  readonly type?: unknown
  readonly type_instance?: unknown
}

/** A value list that passed its checks; the three arrays are of equal length. */
export interface ValueList extends Candidate {
  readonly values: readonly (number | null)[]
  readonly dstypes: readonly string[]
  readonly dsnames: readonly string[]
  readonly host: string
  readonly plugin: string
  readonly plugin_instance?: string | null
  readonly type: string
  readonly type_instance?: string | null
}

/** Whether an element says that it is a value list, a right one or not. */
export function isValueList(element: unknown): element is Candidate {
  // An array has `values` too: the method that it inherits.
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return false
  return (element as Candidate).values !== undefined
}

/** Puts one sample per data source into `out`, or rejects the element as a whole. */
export function decodeValueList(
  candidate: Candidate,
  index: number,
  table: SeriesTable,
  out: RecordSink,
): void {
  const problem = problemOf(candidate)
  if (problem !== undefined) {
    out.reject(`element ${index}${nameOf(candidate)}: ${problem}`)
    return
  }
  const list = candidate as ValueList
  const { values } = list
  if (values.length === 0) return
  const intervalMs = milliseconds(list.interval, longestIntervalMs)
  const key = rawKey(list)
  let series = table.lookup(key)
  if (series === undefined || !describes(series, list, intervalMs)) {
    const unfit = unfitnessOf(list, key)
    if (unfit !== undefined) {
      out.reject(`element ${index}${nameOf(list)}: ${unfit}`)
      return
    }
    series = table.intern(key, makeSeries(list, intervalMs))
  }
  const timeMs = milliseconds(list.time, latestMs)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value === 'number') out.sample(series[i]!, value, timeMs)
    else out.skip('null value')
  }
}

// Runs for every element: one pass, constant strings, no allocation.
function problemOf(list: Candidate): string | undefined {
  const { values, dstypes, dsnames } = list
  if (!isName(list.host)) return 'host is missing or not a string'
  if (!isName(list.plugin)) return 'plugin is missing or not a string'
  if (!isName(list.type)) return 'type is missing or not a string'
  if (!isInstance(list.plugin_instance)) return 'plugin_instance is not a string'
  if (!isInstance(list.type_instance)) return 'type_instance is not a string'
  if (!Array.isArray(values)) return 'values is not an array'
  if (!Array.isArray(dstypes)) return 'dstypes is not an array'
  if (!Array.isArray(dsnames)) return 'dsnames is not an array'
  const { length } = values
  if (dstypes.length !== length || dsnames.length !== length) {
    return `${length} values, ${dstypes.length} dstypes and ${dsnames.length} dsnames`
  }
  for (let i = 0; i < length; i++) {
    if (values[i] !== null && !Number.isFinite(values[i])) return `value ${i} is not a finite number`
    if (typeof dstypes[i] !== 'string') return `dstype ${i} is not a string`
    if (typeof dsnames[i] !== 'string') return `dsname ${i} is not a string`
  }
  return undefined
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isInstance(value: unknown): boolean {
  return typeof value === 'string' || value === undefined || value === null
}

/**
 * Why no series may be made of a list. Its strings would stay in memory for as long as the series lives, so their length is
 * bounded; a series that is known has passed.
 */
function unfitnessOf(list: ValueList, key: string): string | undefined {
  const { dsnames } = list
  for (const member of keyMembers) {
    if ((list[member]?.length ?? 0) > longestName) return `${member} ${tooLong}`
  }
  for (let i = 0; i < dsnames.length; i++) {
    if (dsnames[i]!.length > longestName) return `dsname ${i} ${tooLong}`
  }
  return holdsNul(key) ? 'a name or instance holds a NUL character' : undefined
}

const keyMembers = ['host', 'plugin', 'plugin_instance', 'type', 'type_instance'] as const
const longestName = 1024
const tooLong = `is longer than ${longestName} characters`

/** Seconds to whole milliseconds; 0 for what is no point in time and no duration, or beyond `mostMs`. */
function milliseconds(seconds: unknown, mostMs: number): number {
  if (typeof seconds !== 'number') return 0
  const ms = Math.round(seconds * 1000)
  return ms > 0 && ms <= mostMs ? ms : 0
}

/** The last moment that a Date can hold. */
const latestMs = 8.64e15

/** Outputs keep a silent series for some of its intervals: no sender may make that years. */
const longestIntervalMs = 86_400_000

function nameOf({ plugin, type }: Candidate): string {
  const names = [plugin, type].filter((name) => typeof name === 'string' && name !== '')
  return names.length === 0 ? '' : ` (${names.join('/').slice(0, 80)})`
}
