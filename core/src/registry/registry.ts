import type { Kind, Signal } from '@smart-gateway/sdk'
import { setImmediate as turn } from 'node:timers/promises'
import { sleep } from '../backoff.ts'
import type { Configuration } from '../config/configuration.ts'
import { messageOf } from '../dead-letters/letter.ts'
import type { Letter } from '../dead-letters/letter.ts'
import { GatewayError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Edge, Route } from '../pipeline/route.ts'
import { Input } from './input.ts'
import { Output } from './output.ts'
import { SelfCheck } from './self-check.ts'
import { Transport } from './transport.ts'
import type { Status } from './states.ts'

/** What a swap did. */
export interface Swapped {
  readonly instance: string
  readonly generation: number
  readonly version: string
}

/** What a stop leaves behind: messages without a fate, which were given back; records on the disk for the next start; records of optional outputs that are lost. */
export interface Left {
  readonly unsettled: number
  readonly onDisk: number
  readonly lost: number
}

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

/** The time after which a series that was not seen is forgotten is between one and two of these. */
const SERIES_SWEEP_MS = 300_000
const OUTPUT_STOP_GRACE_MS = 3000

/** The instances that run, by name, and the routes between them. */
export class Registry {
  readonly transports: readonly Transport[]
  readonly inputs: readonly Input[]
  readonly outputs: readonly Output[]
  /** Swaps by instance and outcome. */
  readonly swaps = new Map<string, { succeeded: number; failed: number }>()
  readonly #host: Host
  readonly #selfCheck: SelfCheck
  readonly #stopped = new AbortController()

  constructor(configuration: Configuration, host: Host) {
    const reroute = (): void => this.#reroute()
    this.#host = host
    this.inputs = configuration.inputs.map(
      (spec) => new Input(spec, host, configuration.gateway.maxSeries, reroute),
    )
    this.outputs = configuration.outputs.map((spec) => new Output(spec, host, reroute))
    this.#selfCheck = new SelfCheck([...this.inputs, ...this.outputs], host.log)
    this.transports = configuration.transports.map((spec) => {
      const feeds = this.inputs.flatMap(({ feed }) => (feed?.transport === spec.name ? [feed] : []))
      return new Transport(spec, host, feeds)
    })
  }

  /** Starts every instance on its own; resolves when each has had its first try. */
  async start(): Promise<void> {
    void this.#sweepSeries()
    void this.#selfCheck.run(this.#stopped.signal)
    await Promise.all([
      ...this.outputs.map((output) => output.start()),
      ...[...this.inputs, ...this.transports].map(({ instance }) => instance.start()),
    ])
    this.#warnOfUnrouted()
  }

  /**
   * Puts a new generation in the place of an instance's live one, from a plugin's folder or else from where the plugin is
   * installed. Rejects with SG_UNKNOWN_INSTANCE, or with SG_SWAP_FAILED and the old generation untouched.
   */
  async swap(name: string, source?: string): Promise<Swapped> {
    const entry = this.#all().find(({ spec }) => spec.name === name)
    if (entry === undefined) throw new GatewayError('SG_UNKNOWN_INSTANCE', `there is no instance "${name}"`)
    const outcomes = this.swaps.get(name) ?? { succeeded: 0, failed: 0 }
    this.swaps.set(name, outcomes)
    try {
      const { number, package: plugin } = await entry.instance.swap(source)
      outcomes.succeeded++
      return { instance: name, generation: number, version: plugin.version }
    } catch (error) {
      outcomes.failed++
      throw error
    }
  }

  /** Delivers a dead letter again: a message to its input, a record to its output. The promise is its fate. */
  async redeliver(letter: Letter): Promise<void> {
    const all: readonly (Input | Output)[] = letter.kind === 'message' ? this.inputs : this.outputs
    const entry = all.find(({ spec }) => spec.name === letter.instance)
    if (entry instanceof Input) return await entry.intake.deliver(messageOf(letter), undefined, letter.id)
    if (entry instanceof Output) return await entry.redeliver(letter)
    throw new GatewayError('SG_UNKNOWN_INSTANCE', `there is no instance "${letter.instance}" any more`)
  }

  /** Every instance as it is now. */
  view(): readonly InstanceView[] {
    return this.#all().map((entry) => {
      const { instance, spec, status } = entry
      const plugin = instance.live?.package ?? spec.package
      const { scrubber } = this.#host
      const { reason } = status
      const address =
        (entry instanceof Input ? entry.feed?.address : undefined) ?? instance.live?.session.address
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
        // A plugin may hand in anything: what is shown is text.
        ...(address !== undefined && { address: scrubber.scrub(String(address)) }),
        ...(entry instanceof Output && {
          queue: {
            records: sum(entry.holds.inFlight.values()),
            bytes: Math.round(entry.holds.bytes),
            maxBytes: entry.spec.queue.maxBytes,
          },
        }),
      }
    })
  }

  /** Stops intake, waits up to `drainMs` until every message has its fate, gives back the rest and stops everything. */
  async stop(drainMs: number): Promise<Left> {
    this.#stopped.abort()
    for (const { instance } of this.#all()) instance.drain()
    const drained = new AbortController()
    const deadline = sleep(drainMs, drained.signal)
    await Promise.race([this.#drain(), deadline])
    drained.abort()
    const unsettled = this.inputs.reduce((count, { intake }) => count + intake.inFlight, 0)
    for (const { intake } of this.inputs)
      intake.returnWaiting(new GatewayError('SG_STOPPING', 'the gateway is stopping'))
    // Inputs and transports first: acknowledgements leave while outputs still hold what they accepted.
    await Promise.all(
      [...this.inputs, ...this.transports].map(({ instance }) => instance.stop(OUTPUT_STOP_GRACE_MS)),
    )
    await Promise.all(this.outputs.map(({ instance }) => instance.stop(OUTPUT_STOP_GRACE_MS)))
    const lost = sum(this.outputs.map((output) => output.lost))
    const onDisk = sum(await Promise.all(this.outputs.map((output) => output.close())))
    this.#selfCheck.look()
    return { unsettled, onDisk, lost }
  }

  async #drain(): Promise<void> {
    // A source that cannot end as it should is told when its instance is stopped.
    await Promise.allSettled(this.inputs.map((input) => input.end()))
    await Promise.all(this.inputs.map(({ intake }) => intake.idle()))
    // Optional outputs hold no message, but what they have is theirs to write.
    await Promise.all(this.outputs.map((output) => output.drained()))
  }

  #all(): readonly (Transport | Input | Output)[] {
    return [...this.transports, ...this.inputs, ...this.outputs]
  }

  #reroute(): void {
    for (const input of this.inputs) input.intake.setRoute(this.#routeOf(input))
  }

  /** Undefined while a required output has not said what it accepts: nothing may be settled without it. */
  #routeOf(input: Input): Route | undefined {
    const fed = this.outputs.filter(({ spec }) => spec.from?.includes(input.spec.name) ?? true)
    if (fed.some(({ signals, spec }) => signals === undefined && spec.required)) return undefined
    const edges = (signal: Signal): readonly Edge[] =>
      fed
        .filter(({ signals }) => signals?.includes(signal))
        .map(({ spec, entrance }) => ({ output: spec.name, queue: entrance, required: spec.required }))
    return { metric: edges('metric'), event: edges('event'), log: edges('log') }
  }

  #warnOfUnrouted(): void {
    for (const input of this.inputs) {
      const route = this.#routeOf(input)
      const unrouted = (input.instance.live?.definition.signals ?? []).filter(
        (signal) => route?.[signal].length === 0,
      )
      if (unrouted.length === 0) continue
      this.#host.log.warn(
        { component: input.spec.name },
        `no output takes the ${unrouted.join('s and ')}s of ${input.spec.name}: they are counted as unrouted and dropped`,
      )
    }
  }

  async #sweepSeries(): Promise<void> {
    for (;;) {
      await sleep(SERIES_SWEEP_MS, this.#stopped.signal)
      if (this.#stopped.signal.aborted) return
      for (const { series } of this.inputs) for (const _ of series.sweep()) await turn()
    }
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
