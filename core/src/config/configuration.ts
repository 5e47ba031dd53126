import type { Signal } from '@smart-gateway/sdk'
import type { BackoffLimits } from '../backoff.ts'
import type { BatchLimits } from '../pipeline/writer.ts'
import type { LetterLimits } from '../dead-letters/letter-file.ts'
import type { QueueLimits } from '../pipeline/entrance.ts'
import type { ContentFile } from './files.ts'
import type { PluginPackage } from '../plugins/manifest.ts'

/** One instance as it shall be. */
export interface InstanceSpec {
  readonly name: string
  /** The plugin as it is named in the configuration. */
  readonly plugin: string
  readonly package: PluginPackage
  /** As the package's manifest has validated them, defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>
  /** Whether its code runs in the gateway's own thread or in one of its own. */
  readonly isolation: 'inline' | 'worker'
  /** What holds for a thread of its own. */
  readonly worker: { readonly memoryBytes: number }
  /** The files that its options name and whose content is part of them. */
  readonly files: readonly ContentFile[]
}

export interface TransportSpec extends InstanceSpec {}

export interface FilterSpec extends InstanceSpec {}

export interface InputSpec extends InstanceSpec {
  /** The transport that feeds it and the subscription there. */
  readonly from:
    | { readonly transport: string; readonly subscription: Readonly<Record<string, unknown>> }
    | undefined
  /** The filters that see its records before they are routed, in this order. */
  readonly filters: readonly string[]
}

export interface OutputSpec extends InstanceSpec {
  /** The inputs that feed it; undefined: every one with a signal that it accepts. */
  readonly from: readonly string[] | undefined
  /** The signals that it is given; undefined: all that its plugin accepts. */
  readonly signals: readonly Signal[] | undefined
  /** The filters that see its records before they enter its queue, in this order. */
  readonly filters: readonly string[]
  readonly required: boolean
  readonly queue: QueueLimits & { readonly type: 'memory' | 'disk' }
  readonly batch: BatchLimits
  readonly retry: BackoffLimits
}

/** The names of the filters that an instance names; none where its kind has no filters. */
export function filtersOf(spec: InstanceSpec): readonly string[] {
  return (spec as Partial<InputSpec | OutputSpec>).filters ?? []
}

/** What stands in `gateway`. */
export interface GatewaySettings {
  readonly name: string
  /** Absolute. */
  readonly stateFolder: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly drainMs: number
  readonly probationMs: number
  readonly maxSeries: number
  readonly deadLetters: LetterLimits
  readonly plugins: {
    readonly keep: number
    readonly allow: readonly string[] | undefined
    readonly pinned: Readonly<Record<string, string>> | undefined
  }
  readonly admin: { readonly host: string; readonly port: number; readonly token: string | undefined }
}

/** A valid configuration: the desired state of the gateway. */
export interface Configuration {
  /** The folder from which relative paths and packages are meant, absolute. */
  readonly folder: string
  readonly gateway: GatewaySettings
  readonly transports: readonly TransportSpec[]
  readonly filters: readonly FilterSpec[]
  readonly inputs: readonly InputSpec[]
  readonly outputs: readonly OutputSpec[]
  /** Values of options that are marked secret: never to be shown. */
  readonly secrets: readonly string[]
}
