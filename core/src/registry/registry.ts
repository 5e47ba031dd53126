import type { Kind } from '@smart-gateway/sdk'
import { setImmediate as turn } from 'node:timers/promises'
import { sleep } from '../backoff.ts'
import { filtersOf } from '../config/configuration.ts'
import type {
  Configuration,
  FilterSpec,
  InputSpec,
  InstanceSpec,
  OutputSpec,
} from '../config/configuration.ts'
import { messageOf } from '../dead-letters/letter.ts'
import type { Letter } from '../dead-letters/letter.ts'
import { GatewayError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { forgetMetrics } from '../host/plugin-metrics.ts'
import { Filters } from '../pipeline/filters.ts'
import { Sieve } from '../pipeline/sieve.ts'
import { Filter } from './filter.ts'
import { Input } from './input.ts'
import { Output } from './output.ts'
import { SelfCheck } from './self-check.ts'
import { Transport } from './transport.ts'
import { viewOf } from './view.ts'
import type { InstanceView } from './view.ts'
import { routeOf, unroutedOf } from './routing.ts'

/** What a stop leaves behind: messages without a fate, which were given back; records on the disk for the next start; records of optional outputs that are lost. */
export interface Left {
  readonly unsettled: number
  readonly onDisk: number
  readonly lost: number
  /** The same in words, one for each instance that left something. */
  readonly where: readonly string[]
}

/** Anything that runs under a name. */
export type Entry = Transport | Filter | Input | Output

/** The time after which a series that was not seen is forgotten is between one and two of these. */
const SERIES_SWEEP_MS = 300_000
const OUTPUT_STOP_GRACE_MS = 3000

/** The instances that run, by name, and the routes between them. Which ones there are changes while it runs. */
export class Registry {
  readonly #host: Host
  readonly #maxSeries: number
  readonly #selfCheck: SelfCheck
  readonly #stopped = new AbortController()
  #transports: readonly Transport[]
  #filters: readonly Filter[]
  #inputs: readonly Input[]
  #outputs: readonly Output[]

  constructor(configuration: Configuration, host: Host) {
    this.#host = host
    this.#maxSeries = configuration.gateway.maxSeries
    this.#filters = configuration.filters.map((spec) => this.#makeFilter(spec))
    this.#inputs = configuration.inputs.map((spec) => this.makeInput(spec))
    this.#outputs = configuration.outputs.map((spec) => this.makeOutput(spec))
    this.#transports = configuration.transports.map((spec) => new Transport(spec, host))
    this.#refilter()
    for (const input of this.#inputs) this.#connect(input)
    this.#selfCheck = new SelfCheck(() => [...this.#inputs, ...this.#outputs], host.log)
  }

  get transports(): readonly Transport[] {
    return this.#transports
  }

  get filters(): readonly Filter[] {
    return this.#filters
  }

  get inputs(): readonly Input[] {
    return this.#inputs
  }

  get outputs(): readonly Output[] {
    return this.#outputs
  }

  /** Everything that runs. */
  get entries(): readonly Entry[] {
    return [...this.#transports, ...this.#filters, ...this.#inputs, ...this.#outputs]
  }

  /** Starts every instance on its own; resolves when each has had its first try. */
  async start(): Promise<void> {
    void this.#sweepSeries()
    void this.#selfCheck.run(this.#stopped.signal)
    await Promise.all([
      ...this.#outputs.map((output) => output.start()),
      ...[...this.#filters, ...this.#inputs, ...this.#transports].map(({ instance }) => instance.start()),
    ])
    this.#warnOfUnrouted()
  }

  /** Makes an instance that is not part of the gateway yet. */
  make(kind: Kind, spec: InstanceSpec): Entry {
    if (kind === 'transport') return new Transport(spec, this.#host)
    if (kind === 'filter') return this.#makeFilter(spec)
    return kind === 'input' ? this.makeInput(spec as InputSpec) : this.makeOutput(spec as OutputSpec)
  }

  makeInput(spec: InputSpec): Input {
    return new Input(spec, this.#host, this.#maxSeries, () => this.#reroute())
  }

  makeOutput(spec: OutputSpec): Output {
    return new Output(spec, this.#host, () => this.#reroute())
  }

  /** Makes an instance part of the gateway; one of another kind with its name has left before. */
  async add(entry: Entry): Promise<void> {
    if (entry instanceof Transport) {
      this.#transports = [...this.#transports, entry]
      for (const { feed } of this.#inputs) if (feed?.transport === entry.spec.name) await entry.adopt(feed)
    } else if (entry instanceof Filter) {
      this.#filters = [...this.#filters, entry]
    } else if (entry instanceof Input) {
      this.#inputs = [...this.#inputs, entry]
      this.#connect(entry)
    } else {
      this.#outputs = [...this.#outputs, entry]
      await entry.openQueue()
    }
    this.#reroute()
  }

  /** Takes what startup.yaml says of an input now; it is subscribed otherwise where that says so. Rejects when its transport is not there. */
  async updateInput(input: Input, spec: InputSpec): Promise<void> {
    const before = input.feed
    const transport = spec.from && this.transport(spec.from.transport)
    if (spec.from !== undefined && transport === undefined)
      throw new GatewayError('SG_NO_FROM', `its transport ${spec.from.transport} is not there`)
    try {
      await input.update(spec, async (feed) => transport?.adopt(feed))
    } catch (error) {
      transport?.releaseEnded()
      this.#reroute()
      throw error
    }
    if (before !== undefined && before !== input.feed) this.transport(before.transport)?.release(before)
    this.#reroute()
  }

  /** Takes an instance out of the gateway: it is fed nothing more, and nobody waits for it. It is the caller's to stop. */
  remove(entry: Entry): void {
    this.#transports = this.#transports.filter((one) => one !== entry)
    this.#filters = this.#filters.filter((one) => one !== entry)
    this.#inputs = this.#inputs.filter((one) => one !== entry)
    this.#outputs = this.#outputs.filter((one) => one !== entry)
    if (entry instanceof Input && entry.feed !== undefined)
      this.transport(entry.feed.transport)?.release(entry.feed)
    this.#reroute()
  }

  /** Lets go of what is still known of an instance that was taken out and has ended. */
  async forget(entry: Entry): Promise<void> {
    if (entry instanceof Output)
      for (const { intake } of this.#inputs) entry.entrances.forEach((one) => intake.forget(one))
    if (entry instanceof Input) this.#closeEdges()
    const { name } = entry.spec
    if (!this.entries.some(({ spec }) => spec.name === name)) await forgetMetrics(this.#host.metrics, name)
  }

  /** Throws SG_NO_FILTER when an instance names a filter that is not there: what should go through it would wait for ever. */
  needFilters(spec: InstanceSpec): void {
    const missing = filtersOf(spec).find((name) => !this.#filters.some((one) => one.spec.name === name))
    if (missing !== undefined) throw new GatewayError('SG_NO_FILTER', `its filter ${missing} is not there`)
  }

  /** The names of the inputs and outputs that name a filter. */
  usersOf(filter: Filter): readonly string[] {
    return [...this.#inputs, ...this.#outputs]
      .filter(({ spec: { filters } }) => filters.includes(filter.spec.name))
      .map(({ spec }) => spec.name)
  }

  /** The transport of a name. */
  transport(name: string): Transport | undefined {
    return this.#transports.find(({ spec }) => spec.name === name)
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
    return this.entries.map((entry) => viewOf(entry, this.#host.scrubber))
  }

  /** Stops intake, waits up to `drainMs` until every message has its fate, gives back the rest and stops everything. */
  async stop(drainMs: number): Promise<Left> {
    this.#stopped.abort()
    for (const { instance } of this.entries) instance.drain()
    const drained = new AbortController()
    const deadline = sleep(drainMs, drained.signal)
    await Promise.race([this.#drain(), deadline])
    drained.abort()
    const where = [...this.#unsettled()]
    const unsettled = this.inputs.reduce((count, { intake }) => count + intake.inFlight, 0)
    for (const { intake } of this.inputs)
      intake.returnWaiting(new GatewayError('SG_STOPPING', 'the gateway is stopping'))
    // Inputs and transports first: acknowledgements leave while outputs still hold what they accepted.
    await Promise.all(
      [...this.inputs, ...this.transports].map(({ instance }) => instance.stop(OUTPUT_STOP_GRACE_MS)),
    )
    await Promise.all(
      [...this.outputs, ...this.filters].map(({ instance }) => instance.stop(OUTPUT_STOP_GRACE_MS)),
    )
    const lost = sum(this.outputs.map((output) => output.lost))
    for (const output of this.outputs)
      if (output.lost > 0) where.push(`${output.lost} records for ${output.spec.name} lost, it is optional`)
    let onDisk = 0
    for (const output of this.outputs) {
      const records = await output.close()
      onDisk += records
      if (records > 0) where.push(`${records} records for ${output.spec.name} in its disk queue`)
    }
    this.#selfCheck.look()
    return { unsettled, onDisk, lost, where }
  }

  /** What would be left now, in words. */
  leftNow(): readonly string[] {
    const queued = this.outputs.flatMap((output) => {
      const records = sum(output.holds.inFlight.values())
      return records > 0 ? [`${records} records for ${output.spec.name}`] : []
    })
    return [...this.#unsettled(), ...queued]
  }

  *#unsettled(): Generator<string> {
    for (const { spec, intake } of this.inputs)
      if (intake.inFlight > 0) yield `${intake.inFlight} messages of ${spec.name} without a fate, given back`
  }

  async #drain(): Promise<void> {
    // A source that cannot end as it should is told when its instance is stopped.
    await Promise.allSettled(this.inputs.map((input) => input.end()))
    await Promise.all(this.inputs.map(({ intake }) => intake.idle()))
    // Optional outputs hold no message, but what they have is theirs to write.
    await Promise.all(this.outputs.map((output) => output.drained()))
  }

  #connect({ feed }: Input): void {
    if (feed !== undefined) void this.transport(feed.transport)?.adopt(feed)
  }

  #makeFilter(spec: FilterSpec): Filter {
    return new Filter(spec, this.#host, () => this.#reroute())
  }

  #reroute(): void {
    this.#refilter()
    for (const input of this.#inputs) input.intake.setRoute(routeOf(input, this.#outputs))
  }

  #refilter(): void {
    for (const { screen, spec } of this.#outputs) screen.setFilters(this.#filtersOf(spec))
    for (const { intake, spec } of this.#inputs) intake.setFilters(this.#filtersOf(spec))
  }

  // One that is not there holds what should go through it, as one that is not open does.
  #filtersOf(spec: InstanceSpec): Filters | undefined {
    const names = filtersOf(spec)
    if (names.length === 0) return undefined
    const sieveOf = (name: string): Sieve =>
      this.#filters.find((one) => one.spec.name === name)?.sieve ?? new Sieve(name)
    return new Filters(names.map(sieveOf))
  }

  #warnOfUnrouted(): void {
    for (const input of this.#inputs) {
      const unrouted = unroutedOf(input, this.#outputs)
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
      // What an input had left in a queue when it was removed may have been written since.
      this.#closeEdges()
    }
  }

  /** Inputs come and go: what they have fed would keep a line of each, and its metrics, for ever. */
  #closeEdges(): void {
    const names = new Set(this.#inputs.map(({ spec }) => spec.name))
    for (const output of this.#outputs) output.closeEdges((input) => names.has(input))
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
