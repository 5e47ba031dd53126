import type { RecordSink, SeriesTable } from '@smart-gateway/sdk'
import { parseTimeMs } from '@smart-gateway/sdk/time'
import { isJsonObject } from '@smart-gateway/sdk/json'
import type { JsonObject } from '@smart-gateway/sdk/json'
import { isText } from './text.ts'
import type { Notification } from './oslo.ts'
import { holdsNul, makeSeries, rawKey } from './series.ts'
import type { Identity } from './series.ts'

/** One sample as it came. The notifier and msgpack publishers name its members `counter_*`, the http publisher does not. */
export interface Sample extends JsonObject {
  readonly counter_name?: unknown
  readonly counter_type?: unknown
  readonly counter_unit?: unknown
  readonly counter_volume?: unknown
  readonly name?: unknown
  readonly type?: unknown
  readonly unit?: unknown
  readonly volume?: unknown
  readonly user_id?: unknown
  readonly user_name?: unknown
  readonly project_id?: unknown
  readonly project_name?: unknown
  readonly resource_id?: unknown
  readonly resource_metadata?: unknown
  readonly timestamp?: unknown
  readonly publisher_id?: unknown
}

/** Whether an element says that it is a sample, a right one or not. */
export function isSample(element: unknown): element is Sample {
  if (!isJsonObject(element)) return false
  const { counter_name, name, volume } = element as Sample
  return counter_name !== undefined || (name !== undefined && volume !== undefined)
}

/**
 * Puts one sample into `out`, or rejects the element. `around` is the notification that it came in; without one a sample
 * names its publisher itself, or nobody does.
 */
export function decodeSample(
  sample: Sample,
  around: Notification | undefined,
  index: number,
  table: SeriesTable,
  out: RecordSink,
): void {
  const identity = identityOf(sample, around)
  if (typeof identity === 'string') {
    out.reject(`element ${index}${nameOf(sample)}: ${identity}`)
    return
  }
  const volume = sample.counter_volume ?? sample.volume
  if (volume === null || volume === undefined) {
    out.skip('null volume')
    return
  }
  if (!Number.isFinite(volume)) {
    out.reject(`element ${index}${nameOf(sample)}: the volume is not a finite number`)
    return
  }
  const key = rawKey(identity)
  let series = table.lookup(key)
  if (series === undefined) {
    const unfit = unfitnessOf(key)
    if (unfit !== undefined) {
      out.reject(`element ${index}${nameOf(sample)}: ${unfit}`)
      return
    }
    series = table.intern(key, [makeSeries(identity)])
  }
  out.sample(series[0]!, volume as number, parseTimeMs(sample.timestamp))
}

/** What the labels are made of, or why there are none. Runs for every sample. */
function identityOf(sample: Sample, around: Notification | undefined): Identity | string {
  const name = sample.counter_name ?? sample.name
  const type = sample.counter_type ?? sample.type ?? ''
  const unit = sample.counter_unit ?? sample.unit ?? ''
  const user = sample.user_id ?? ''
  const userName = sample.user_name ?? ''
  const project = sample.project_id ?? ''
  const projectName = sample.project_name ?? ''
  const resource = sample.resource_id ?? ''
  const publisher = around === undefined ? (sample.publisher_id ?? 'unknown') : around.publisher_id
  if (!isText(name)) return 'its name is missing or not a string'
  if (!isText(publisher)) return 'publisher_id is missing or not a string'
  if (typeof type !== 'string') return 'its type is not a string'
  if (typeof unit !== 'string') return 'its unit is not a string'
  if (typeof user !== 'string') return 'user_id is not a string'
  if (typeof userName !== 'string') return 'user_name is not a string'
  if (typeof project !== 'string') return 'project_id is not a string'
  if (typeof projectName !== 'string') return 'project_name is not a string'
  if (typeof resource !== 'string') return 'resource_id is not a string'
  // The metadata is whatever a service says about its resource: what is of another kind there is not meant for us.
  const metadata = isJsonObject(sample.resource_metadata) ? sample.resource_metadata : nothing
  const { host, display_name, name: ownName, user_metadata } = metadata
  return {
    publisher,
    name,
    type,
    unit,
    user,
    userName,
    project,
    projectName,
    resource,
    host: typeof host === 'string' ? host : '',
    displayName: typeof display_name === 'string' ? display_name : '',
    ownName: typeof ownName === 'string' ? ownName : '',
    userMetadata: isJsonObject(user_metadata) ? user_metadata : nothing,
  }
}

const nothing: JsonObject = {}

/**
 * Why no series may be made of a key. Its strings would stay in memory for as long as the series lives, so their length is
 * bounded; a series that is known has passed.
 */
function unfitnessOf(key: string): string | undefined {
  if (key.length > longestKey) return `its labels hold more than ${longestKey} characters`
  return holdsNul(key) ? 'a label holds a NUL character' : undefined
}

const longestKey = 8192

function nameOf({ counter_name, name }: Sample): string {
  const text = counter_name ?? name
  return isText(text) ? ` (${text.slice(0, 80)})` : ''
}
