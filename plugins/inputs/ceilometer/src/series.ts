import type { MetricType, Series } from '@smart-gateway/sdk'
import type { JsonObject } from '@smart-gateway/sdk/json'

/** Everything that enters a series, under our own names; '' is what a sample does not say. */
export interface Identity {
  readonly publisher: string
  readonly name: string
  readonly type: string
  readonly unit: string
  readonly user: string
  readonly userName: string
  readonly project: string
  readonly projectName: string
  readonly resource: string
  readonly host: string
  readonly displayName: string
  readonly ownName: string
  readonly userMetadata: JsonObject
}

/**
 * What tells one series from another, cheap to build. Unambiguous as long as no part holds a NUL; a key with such a part
 * equals no key without one. User metadata are of any number, so each goes with its length.
 */
export function rawKey(of: Identity): string {
  const { publisher, name, type, unit, user, userName, project, projectName } = of
  const { resource, host, displayName, ownName, userMetadata } = of
  let key = `${publisher}\0${name}\0${type}\0${unit}\0${user}\0${userName}\0${project}\0${projectName}\0${resource}\0${host}\0${displayName}\0${ownName}\0`
  for (const label of Object.keys(userMetadata)) {
    const value = userMetadata[label]
    if (typeof value === 'string') key += `${label.length}:${label}${value.length}:${value}`
  }
  return key
}

/** Whether a raw key is ambiguous. */
export function holdsNul(key: string): boolean {
  return key.split('\0').length !== 13
}

/** The series of one identity. */
export function makeSeries(of: Identity): Series {
  const parts = of.name.split('.')
  const first = parts[0]!
  // A fixed label that is called as the name's first part takes its place: `resource` and `counter` say what that said.
  const labels = new Map([
    [first, parts[2] ?? of.resource],
    ['publisher', of.publisher],
    ['type', parts[1] ?? first],
    ['counter', of.name],
  ])
  const optional = {
    project: of.project,
    project_name: of.projectName,
    user: of.user,
    user_name: of.userName,
    unit: of.unit,
    resource: of.resource,
    vm_instance: of.host,
    resource_name: resourceName(of),
  }
  for (const [label, value] of Object.entries(optional)) {
    if (value !== '') labels.set(label, value)
  }
  addUserMetadata(labels, of.userMetadata)
  return {
    name: prefix + parts.join('_'),
    labels: Object.fromEntries(labels),
    type: metricTypes.get(of.type) ?? 'untyped',
    intervalMs: assumedIntervalMs,
  }
}

const prefix = 'ceilometer_'

const metricTypes: ReadonlyMap<string, MetricType> = new Map([
  ['cumulative', 'counter'],
  ['gauge', 'gauge'],
])

/** ceilometer does not announce it; its ancestors assumed as much. */
const assumedIntervalMs = 100_000

function resourceName({ displayName, ownName }: Identity): string {
  return displayName !== '' && ownName !== '' ? `${displayName}:${ownName}` : displayName || ownName
}

/** Sorted, so that the labels do not depend on the order in which they were given. */
function addUserMetadata(labels: Map<string, string>, userMetadata: JsonObject): void {
  for (const key of Object.keys(userMetadata).sort()) {
    const value = userMetadata[key]
    if (typeof value !== 'string') continue
    let label = key
    while (labels.has(label) && labels.get(label) !== value) label = `meta_${label}`
    labels.set(label, value)
  }
}
