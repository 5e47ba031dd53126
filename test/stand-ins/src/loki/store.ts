import { formatLabels } from './labels.ts'
import type { Label } from './labels.ts'
import { rate } from './rate.ts'
import type { Rate } from './rate.ts'
import type { PushedEntry } from './push-request.ts'
import type { LokiLimits } from './limits.ts'

/** One stored line. */
export type LokiEntry = PushedEntry

/** A stream and what is stored of it, in the order of arrival. */
export interface LokiStream {
  readonly tenant: string
  /** Without labels of empty value. */
  readonly labels: Readonly<Record<string, string>>
  readonly entries: readonly LokiEntry[]
}

/** A stream as the ingester keeps it. */
export interface IngesterStream {
  readonly tenant: string
  readonly name: string
  readonly labels: readonly Label[]
  readonly entries: LokiEntry[]
  readonly seen: Set<string>
  readonly rate: Rate
  newestNs: bigint | undefined
}

export interface Tenant {
  readonly name: string
  readonly streams: Map<string, IngesterStream>
  readonly rate: Rate
}

export interface Store {
  readonly tenants: ReadonlyMap<string, Tenant>
  tenant(name: string): Tenant
  /** The stream of these labels; undefined when it would be one too many. */
  stream(tenant: Tenant, labels: readonly Label[]): IngesterStream | undefined
}

export function store(limits: LokiLimits): Store {
  const tenants = new Map<string, Tenant>()
  return {
    tenants,
    tenant(name) {
      let tenant = tenants.get(name)
      if (!tenant) {
        tenant = { name, streams: new Map(), rate: rate(limits.rateBytes, limits.burstBytes) }
        tenants.set(name, tenant)
      }
      return tenant
    },
    stream(tenant, labels) {
      const name = formatLabels(labels)
      let stream = tenant.streams.get(name)
      if (!stream) {
        if (limits.maxStreams !== 0 && tenant.streams.size >= limits.maxStreams) return undefined
        stream = {
          tenant: tenant.name,
          name,
          labels,
          entries: [],
          seen: new Set(),
          rate: rate(limits.streamRateBytes, limits.streamBurstBytes),
          newestNs: undefined,
        }
        tenant.streams.set(name, stream)
      }
      return stream
    },
  }
}
