import type { Kind } from '@smart-gateway/sdk'
import type { Scrubber } from '../config/secrets.ts'
import { Input } from './input.ts'
import { Output } from './output.ts'
import type { Entry } from './registry.ts'
import type { Status } from './states.ts'

/** What can be seen of one instance. */
export interface InstanceView extends Status {
  readonly name: string
  readonly kind: Kind
  readonly plugin: string
  readonly package: string
  readonly version: string
  /** 0 while none has opened. */
  readonly generation: number
  readonly required: boolean
  /** Where people find it: where an input is fed, where an output shows what it has. */
  readonly address?: string
  readonly queue?: { readonly records: number; readonly bytes: number; readonly maxBytes: number }
}

/** An instance as it is now. A plugin may hand in anything: what is shown is text, without secrets. */
export function viewOf(entry: Entry, scrubber: Scrubber): InstanceView {
  const { instance, spec, status } = entry
  const plugin = instance.live?.package ?? instance.code?.package ?? spec.package
  const { reason } = status
  const address = (entry instanceof Input ? entry.feed?.address : undefined) ?? instance.live?.session.address
  return {
    name: spec.name,
    kind: instance.kind,
    plugin: spec.plugin,
    package: plugin.name,
    version: plugin.version,
    generation: instance.live?.number ?? 0,
    required: !(entry instanceof Output) || entry.spec.required,
    ...status,
    ...(reason !== undefined && { reason: scrubber.scrub(String(reason)) }),
    ...(address !== undefined && { address: scrubber.scrub(String(address)) }),
    ...(entry instanceof Output && { queue: queueOf(entry) }),
  }
}

function queueOf({ holds: { inFlight, bytes }, spec }: Output): NonNullable<InstanceView['queue']> {
  let records = 0
  for (const count of inFlight.values()) records += count
  return { records, bytes: Math.round(bytes), maxBytes: spec.queue.maxBytes }
}
