/** A configuration as the host's schema admits it, defaults filled in: sizes and times are texts still. */
import type { Signal } from '@smart-gateway/sdk'

export interface RawInstance {
  readonly plugin: string
  readonly options: Record<string, unknown>
  readonly isolation?: 'inline' | 'worker' | 'process'
  readonly worker: { readonly memory: string }
}

export interface RawInput extends RawInstance {
  readonly from?: { readonly transport: string } & Readonly<Record<string, unknown>>
  readonly filters: readonly string[]
}

export interface RawOutput extends RawInstance {
  readonly from?: readonly string[]
  readonly signals?: readonly Signal[]
  readonly filters: readonly string[]
  readonly required: boolean
  readonly queue: {
    readonly type: 'memory' | 'disk'
    readonly maxRecords?: number
    readonly maxAge?: string
    readonly max: string
    readonly whenFull?: 'block' | 'dropOldest' | 'dropNewest'
  }
  readonly batch: { readonly records: number; readonly bytes: string; readonly linger: string }
  readonly retry: { readonly initial: string; readonly max: string }
}

export interface RawConfiguration {
  readonly gateway: {
    readonly name: string
    readonly state: string
    readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
    readonly drain: string
    readonly probation: string
    readonly maxSeries: number
    readonly deadLetters: { readonly max: string; readonly whenFull: 'dropOldest' | 'dropNewest' }
    readonly plugins: {
      readonly keep: number
      readonly allow?: readonly string[]
      readonly pinned?: Readonly<Record<string, string>>
    }
    readonly admin: { readonly host: string; readonly port: number; readonly token?: string }
  }
  readonly transports: Readonly<Record<string, RawInstance>>
  readonly filters: Readonly<Record<string, RawInstance>>
  readonly inputs: Readonly<Record<string, RawInput>>
  readonly outputs: Readonly<Record<string, RawOutput>>
}
