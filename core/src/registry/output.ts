import type { Logger } from 'pino'
import type { Message, OutputDefinition, OutputSession, Signal } from '@smart-gateway/sdk'
import type { OutputSpec } from '../config/configuration.ts'
import type { DeadLetterBox } from '../dead-letters/dead-letter-box.ts'
import { recordOf } from '../dead-letters/letter.ts'
import type { Letter, NewLetter } from '../dead-letters/letter.ts'
import { sleep } from '../backoff.ts'
import { GatewayError, reasonOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { batchOf, recordAt } from '../pipeline/batches.ts'
import { ownerOf } from '../pipeline/chunk.ts'
import type { Part } from '../pipeline/chunk.ts'
import { Delivery } from '../pipeline/delivery.ts'
import { residual } from '../pipeline/ledger.ts'
import type { Queue } from '../pipeline/queue.ts'
import { Screen } from '../pipeline/screen.ts'
import { TOO_OLD } from '../pipeline/entrance.ts'
import type { Entrance } from '../pipeline/entrance.ts'
import { batchOfParts, timeOf } from '../pipeline/parts.ts'
import { Writer } from '../pipeline/writer.ts'
import type { ShadowReport } from '../shadow/report.ts'
import { WriteShadow } from '../shadow/write-shadow.ts'
import type { Refused } from '../pipeline/parts.ts'
import type { WriteOutcomes } from '../pipeline/writer.ts'
import type { Generation } from './generation.ts'
import { Instance } from './instance.ts'
import { status } from './states.ts'
import type { Status } from './states.ts'
import { OutputQueue } from './output-queue.ts'
import { Succession } from './succession.ts'

type Live = Generation<OutputDefinition, OutputSession>

/** What an output that was taken away leaves: records. */
export interface Leftover {
  readonly returned: number
  readonly dropped: number
  readonly onDisk: number
}

const HANDOVER_GRACE_MS = 5000
/** How long sources wait at a start for an optional output to say what it accepts. */
const FIRST_WORD_MS = 10_000
const NO_MESSAGE: Message = { body: Buffer.alloc(0) }

/** An output with what belongs to its name: the queue and its writer outlive its generations. */
export class Output implements WriteOutcomes {
  #spec: OutputSpec
  /** Its filters, before the queue. */
  readonly screen: Screen
  readonly #whole: OutputQueue
  readonly instance: Instance<OutputDefinition, OutputSession>
  /** Failed writes, tried again since. */
  failures = 0
  readonly #writer: Writer
  readonly #log: Logger
  readonly #deadLetters: DeadLetterBox
  readonly #reroute: () => void
  #signals: readonly Signal[] | undefined
  #isAwaited = false
  #succession: Succession | undefined
  #trouble: Status | undefined

  constructor(spec: OutputSpec, host: Host, reroute: () => void) {
    this.#spec = spec
    this.#reroute = reroute
    this.#log = host.log.child({ component: spec.name })
    this.#deadLetters = host.deadLetters
    this.#whole = new OutputQueue(spec.queue, {
      name: spec.name,
      stateFolder: host.stateFolder,
      log: this.#log,
      moved: reroute,
      refused: (refused) => this.#keep(refused),
    })
    this.screen = new Screen({
      behind: () => this.#whole.entrance,
      holders: () => this.#whole.entrances,
      ledger: this.queue.ledger,
      refused: (refused) => this.#keep(refused),
    })
    this.#writer = new Writer(this.queue, spec, this)
    this.instance = new Instance('output', spec, host, {
      extra: () => ({}),
      imported: (definition) => void (this.#signals ?? this.#take(wantedOf(this.#spec, definition))),
      ready: (next, before, signal) => this.#ready(next, before, signal),
      attach: (next, before, signal) => this.#attach(next, before, signal),
      shadow: (next, before, spanMs, signal) => this.#shadow(next, before, spanMs, signal),
      detach: (_, graceMs) => this.#writer.detach(graceMs),
    })
  }

  get spec(): OutputSpec {
    return this.#spec
  }

  /** What is written next. */
  get queue(): Queue {
    return this.#whole.front
  }

  /** Where inputs hand their records in: its filters, the disk before the queue or the queue itself. */
  get entrance(): Entrance {
    return this.#spec.filters.length > 0 ? this.screen : this.#whole.entrance
  }

  /** All that `entrance` was or may be. */
  get entrances(): readonly Entrance[] {
    return [this.screen, ...this.#whole.entrances]
  }

  /** Whether its code is about to say for the first time what it accepts: what comes until then would pass it by. */
  get isAwaited(): boolean {
    return this.#isAwaited && this.#signals === undefined
  }

  /** The signals that it is given; undefined until its code has been imported once. */
  get signals(): readonly Signal[] | undefined {
    return this.#signals
  }

  get status(): Status {
    const own = this.instance.status
    if (own.state === 'draining' || own.state === 'stopped') return own
    return (
      this.#whole.trouble ??
      (own.state === 'ready' ? (this.#trouble ?? this.#filterTrouble) : undefined) ??
      own
    )
  }

  /** Bytes in its queue, and records that have no fate yet by input. */
  get holds(): { readonly bytes: number; readonly inFlight: ReadonlyMap<string, number> } {
    const { bytes } = this.#whole
    const inFlight = this.#whole.inFlight()
    this.screen.addInFlight(inFlight)
    return { bytes, inFlight }
  }

  /** Records that were routed to it and whose fate is unknown: always 0. */
  get unaccounted(): number {
    const { inFlight } = this.holds
    let unaccounted = 0
    for (const [input, counts] of this.queue.ledger.edges)
      unaccounted += Math.abs(residual(counts, inFlight.get(input) ?? 0))
    return unaccounted
  }

  /** Closes the accounts of inputs that are no more, as far as none of their records is still here. */
  closeEdges(isThere: (input: string) => boolean): void {
    const { ledger } = this.queue
    const gone = [...ledger.edges].filter(([input]) => !isThere(input))
    if (gone.length === 0) return
    const { inFlight } = this.holds
    // What is unaccounted for stays in sight.
    for (const [input, counts] of gone)
      if (!inFlight.has(input) && residual(counts, 0) === 0) ledger.close(input)
  }

  /** Opens its queue and its session; resolves when each had its first try. */
  async start(): Promise<void> {
    const over = new AbortController()
    const said = (): void => {
      over.abort()
      this.#isAwaited = false
      this.#reroute()
    }
    this.#isAwaited = true
    void sleep(FIRST_WORD_MS, over.signal).then(said)
    await Promise.all([this.openQueue(), this.instance.start().finally(said)])
  }

  /** Opens its queue, where that lies on the disk. */
  async openQueue(): Promise<void> {
    await this.#whole.open()
  }

  /** Writes, and how long they took. */
  get written(): { readonly writes: number; readonly spentMs: number } {
    return this.#writer.written
  }

  /** Whether so many writes failed in a row that single records are tried. */
  get broken(): boolean {
    return this.#writer.broken
  }

  /** Resolves when what waits in memory is written, or at once where it is on the disk or the store is in trouble. */
  async drained(): Promise<void> {
    if (this.#whole.isOnDisk || this.#trouble !== undefined || this.instance.live === undefined) return
    this.queue.hurry()
    await this.queue.idle()
  }

  /** Records that a stop loses: what no source waits for, and is not on a disk. */
  get lost(): number {
    return this.spec.required ? 0 : this.#whole.inMemory
  }

  /** Lets go of its queue. Returns the records that stay on the disk. */
  async close(): Promise<number> {
    return await this.#whole.close()
  }

  /**
   * Takes what startup.yaml says of it now, as far as that is the host's business: queue, batches, retries, signals and route. Rejects
   * with SG_OPTIONS_INVALID or SG_QUEUE_NOT_MOVED where it cannot be done while it runs; nothing is changed then.
   */
  async update(spec: OutputSpec): Promise<void> {
    const { live } = this.instance
    const signals = live === undefined ? this.#signals : wantedOf(spec, live.definition)
    await this.#whole.update(spec.queue)
    this.#spec = spec
    this.#writer.pace(spec)
    this.#signals = signals
    this.#reroute()
  }

  /**
   * Ends its work, for good: writes what waits within the time, then gives back what is left. What lies on the disk stays there. Nothing
   * may be routed to it any more.
   */
  async retire(drainMs: number): Promise<Leftover> {
    const over = new AbortController()
    this.queue.hurry()
    if (this.instance.live !== undefined) await Promise.race([this.queue.idle(), sleep(drainMs, over.signal)])
    over.abort()
    await this.#writer.detach(HANDOVER_GRACE_MS)
    const error = new GatewayError('SG_STOPPING', `the output ${this.#spec.name} was taken away`)
    const left = this.#whole.evict(error)
    return { ...left, onDisk: await this.close() }
  }

  accepted(): void {
    this.#answered()
  }

  retrying(error: Error, delayMs: number): void {
    this.failures++
    const breaker = this.#writer.broken ? ' (the breaker is open: one record at a time is tried)' : ''
    const reason = `writing fails${breaker}: ${reasonOf(error)}`
    this.#trouble = { ...(this.#trouble ?? status('degraded')), reason, nextTryMs: Date.now() + delayMs }
    this.#log.warn({ retryInMs: delayMs }, reason)
  }

  async refused(refused: readonly Refused[]): Promise<void> {
    // A store that refuses for good is there again, as one that accepts.
    this.#answered()
    await this.#keep(refused)
  }

  #answered(): void {
    if (this.#trouble === undefined) return
    this.#log.info({ afterMs: Date.now() - this.#trouble.sinceMs }, 'writing works again')
    this.#trouble = undefined
  }

  async #keep(refused: readonly Refused[]): Promise<void> {
    const letters = refused.flatMap(({ part, error }) => this.#lettersOf(part, reasonOf(error)))
    // Told once for a batch: a store that dislikes every record would flood the log.
    this.#log.error({ records: letters.length }, `refused for good: ${letters[0]?.reason}`)
    await this.#deadLetters.add(letters)
  }

  get #filterTrouble(): Status | undefined {
    const closed = this.screen.filters?.closed
    if (closed === undefined) return undefined
    const { required } = this.#spec
    const reason = `its filter ${closed.name} is not open: ${required ? 'its sources wait' : 'what comes is let go of'}`
    return { state: 'degraded', sinceMs: closed.sinceMs, reason }
  }

  #lettersOf(part: Part, reason: string): readonly NewLetter[] {
    const { batch, input } = part.chunk
    const instance = this.spec.name
    const generation = this.instance.live?.number ?? 0
    return Array.from({ length: part.to - part.from }, (_, i) => {
      const at = part.from + i
      const letter = ownerOf(part.chunk, at).letter
      return { kind: 'record', instance, generation, reason, input, letter, ...recordAt(batch, at) }
    })
  }

  /** Writes the record of a dead letter again; the promise is its fate. */
  redeliver(letter: Letter): Promise<void> {
    const closed = this.screen.filters?.closed
    if (closed !== undefined)
      return Promise.reject(new GatewayError('SG_NO_FILTER', `the filter ${closed.name} is not open`))
    return new Promise((resolve, reject) => {
      const uncounted = { settled() {} }
      const owner = new Delivery(NO_MESSAGE, uncounted, resolve, reject, undefined, undefined, letter.id)
      owner.expect(1)
      const batch = batchOf(recordOf(letter))
      const chunk = {
        input: letter.input ?? '',
        arrivedMs: Date.now(),
        batch,
        owners: [owner],
        ends: [1],
        bytes: 1000 + letter.bytes,
      }
      const { maxAgeMs = Infinity } = this.#spec.queue
      // A disk would take it, and let go of it when its turn comes: nobody would know.
      if (timeOf(chunk, 0) < Date.now() - maxAgeMs) return reject(new Error(TOO_OLD))
      this.entrance.push(chunk, true)
    })
  }

  async #ready(next: Live, before: Live | undefined, signal: AbortSignal): Promise<void> {
    wantedOf(this.#spec, next.definition)
    this.#succession = new Succession(next, before, this.#writer, this.#log)
    await this.#succession.prepare(signal)
  }

  async #attach(next: Live, before: Live | undefined, signal: AbortSignal): Promise<void> {
    const signals = wantedOf(this.#spec, next.definition)
    if (this.#succession?.leads(before, next) !== true) await this.#ready(next, before, signal)
    await this.#succession?.complete(signal)
    this.#succession = undefined
    this.#take(signals)
  }

  async #shadow(
    next: Live,
    before: Live | undefined,
    spanMs: number,
    signal: AbortSignal,
  ): Promise<ShadowReport> {
    const { session } = next
    if (before === undefined)
      throw new GatewayError('SG_NO_SHADOW', `${this.#spec.name} has nothing that works to be compared with`)
    if (session.rehearse === undefined)
      throw new GatewayError('SG_NO_SHADOW', `the plugin of ${this.#spec.name} cannot rehearse a write`)
    const shadow = new WriteShadow(session.rehearse.bind(session), signal)
    this.#writer.setShadow((parts, refused) => shadow.take(batchOfParts(parts), refused))
    try {
      await sleep(spanMs, signal)
    } finally {
      this.#writer.setShadow(undefined)
    }
    return await shadow.report(spanMs)
  }

  #take(signals: readonly Signal[]): void {
    this.#signals = signals
    this.#reroute()
  }
}

/** The signals to route to it; throws when the configuration wants one that its plugin does not accept. */
function wantedOf(
  spec: OutputSpec,
  { name, signals: accepted, signalsOnRequest = [] }: OutputDefinition,
): readonly Signal[] {
  const wanted = spec.signals ?? accepted.filter((signal) => !signalsOnRequest.includes(signal))
  const refused = wanted.filter((signal) => !accepted.includes(signal))
  if (refused.length === 0) return wanted
  const message = `${spec.name} is given the signal ${refused.join(', ')}, ${name} accepts only ${accepted.join(', ')}`
  throw new GatewayError('SG_OPTIONS_INVALID', message)
}
