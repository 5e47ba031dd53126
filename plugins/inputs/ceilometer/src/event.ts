import type { EventRecord, RecordSink, Severity } from '@smart-gateway/sdk'
import { parseInstant } from '@smart-gateway/sdk/time'
import type { Instant } from '@smart-gateway/sdk/time'
import { isJsonObject, nestsDeeper } from '@smart-gateway/sdk/json'
import type { JsonObject } from '@smart-gateway/sdk/json'
import { isText } from './text.ts'
import type { Notification } from './oslo.ts'

/** One event with `traits`, as it came. */
export interface Event extends JsonObject {
  readonly message_id?: unknown
  readonly event_type?: unknown
  readonly generated?: unknown
  readonly traits?: unknown
}

/** Whether an element says that it is an event of ceilometer's, a right one or not. */
export function isEvent(element: unknown): element is Event {
  return isJsonObject(element) && element.traits !== undefined
}

/** Whether an element says that it is the raw notification that an event is made of. */
export function isNotification(element: unknown): element is Notification {
  return isJsonObject(element) && element.event_type !== undefined && element.payload !== undefined
}

/** Puts one event into `out`, or rejects it; `around` is the notification that it came in. */
export function decodeEvent(
  event: Event,
  around: Notification | undefined,
  place: string,
  out: RecordSink,
): void {
  const { traits, generated, event_type, message_id } = event
  if (!Array.isArray(traits)) {
    out.reject(`${place}: traits is not an array`)
    return
  }
  const labels: [string, unknown][] = []
  for (let i = 0; i < traits.length; i++) {
    const trait: unknown = traits[i]
    if (isTrait(trait)) labels.push([trait[0], trait[2]])
    else out.reject(`${place}: trait ${i} is not a name, a type and a value of at most ${maxDepth} levels`)
  }
  const type = isText(event_type) ? event_type : around?.event_type
  const time = parseInstant(generated) ?? parseInstant(around?.timestamp)
  out.event(recordOf({ labels, type, time, id: message_id }, around))
}

/** Puts the notification of a service into `out` as an event, or rejects it. */
export function decodeNotification(notification: Notification, place: string, out: RecordSink): void {
  const { payload, event_type, timestamp, message_id } = notification
  if (isEvent(payload)) return decodeEvent(payload, notification, place, out)
  if (!isJsonObject(payload)) return out.reject(`${place}: the payload is not an object`)
  const metadata = isJsonObject(notification.metadata) ? notification.metadata : {}
  const labels = Object.entries(payload).filter(([, value]) => typeof value !== 'object' || value === null)
  const time = parseInstant(timestamp) ?? parseInstant(metadata.timestamp)
  const id = message_id ?? metadata.message_id
  out.event(recordOf({ labels, type: event_type, time, id }, notification))
}

type Trait = readonly [name: string, type: unknown, value: unknown]

function isTrait(trait: unknown): trait is Trait {
  return Array.isArray(trait) && trait.length === 3 && isText(trait[0]) && !nestsDeeper(trait[2], maxDepth)
}

const maxDepth = 100

interface Happening {
  readonly labels: readonly (readonly [string, unknown])[]
  readonly type: unknown
  readonly time: Instant | undefined
  readonly id: unknown
}

function recordOf(
  { labels, type, time, id }: Happening,
  around: Pick<Notification, 'priority' | 'publisher_id'> = {},
): EventRecord {
  const { priority, publisher_id } = around
  return {
    index: indexOf(isText(type) ? type : 'generic'),
    timeMs: time?.ms ?? 0,
    timeNs: time?.ns ?? 0,
    severity: severities.get(priority) ?? 'unknown',
    publisher: isText(publisher_id) ? publisher_id : 'unknown',
    // Entries become own members whatever they are called, __proto__ too.
    labels: Object.fromEntries(labels),
    annotations: {
      source_type: 'ceilometer',
      processed_by: 'sg',
      ...(isText(type) ? { event_type: type } : {}),
    },
    ...(isText(id) ? { id } : {}),
  }
}

/** The type without its last part, which says what happened (`image.delete`), unless that is all there is. */
function indexOf(type: string): string {
  const cut = type.lastIndexOf('.')
  const name = (cut < 0 ? type : type.slice(0, cut)).toLowerCase().replaceAll(/[.\-\s]/g, '_')
  return name.startsWith(prefix) ? name : prefix + name
}

const prefix = 'ceilometer_'

const priorities: readonly (readonly [string, Severity])[] = [
  ['audit', 'info'],
  ['info', 'info'],
  ['sample', 'info'],
  ['warn', 'warning'],
  ['warning', 'warning'],
  ['error', 'critical'],
  ['critical', 'critical'],
]
const severities: ReadonlyMap<unknown, Severity> = new Map(
  priorities.flatMap(([priority, severity]) => [
    [priority, severity],
    [priority.toUpperCase(), severity],
  ]),
)
