import type { Batch, Message, PluginError, RecordSink } from '@smart-gateway/sdk'
import { asError } from '../errors.ts'
import { Away } from './away.ts'
import type { DecodeMany } from './away.ts'
import type { Owner } from './chunk.ts'
import type { Decoded, Ends } from './decoded.ts'
import { Delivery } from './delivery.ts'
import type { Settlement } from './delivery.ts'
import type { Filters } from './filters.ts'
import { Ownership } from './ownership.ts'
import type { Entrance } from './entrance.ts'
import { blockingQueue, queuesOf, requiredCount } from './route.ts'
import type { Edge, Route } from './route.ts'
import { Refusals } from './refusals.ts'
import type { DecodeFailures } from './refusals.ts'
import { Sink } from './sink.ts'
import type { Source } from './source.ts'

/** The verb of an input's session. */
export type Decode = (message: Message, out: RecordSink) => void

/** A chunk is cut here, so that an idle output can take it whole as one batch. */
const CHUNK_RECORDS = 1000
/** What waits for a decoder that takes its time; beyond that a source is told to wait. */
const MAX_WAITING = 10_000
/** A source that waits for each fate, before an output that takes records at once, would let nothing else run: every so often all else has a turn. */
const FLUSHES_PER_TURN = 100

/**
 * An input's end of the pipeline: takes messages, decodes them, hands the records to the queues of its route. It belongs to
 * the input's name; decoders come and go behind it between two messages. What arrives in one turn of the event loop is decoded
 * in one go.
 */
export class Intake implements Settlement {
  /** Messages by fate, and elements and records that went nowhere, since the start. */
  readonly counts = {
    received: 0,
    settled: 0,
    returned: 0,
    refused: 0,
    /** Lost: their source cannot send them again. */
    dropped: 0,
    /** Of those settled: they decoded to nothing. */
    empty: 0,
    undecodable: 0,
    rejectedElements: 0,
    skippedElements: 0,
    /** Records that go on, those that no output takes included. */
    records: 0,
    /** Records that a filter of the input took away before that. */
    filtered: 0,
    unrouted: 0,
  }
  readonly #name: string
  readonly #sink = new Sink()
  /** What one message decoded to, before its filters. */
  readonly #raw = new Sink()
  readonly #away = new Away()
  #decode: Decode | undefined
  #remote: DecodeMany | undefined
  #filters: Filters | undefined
  #route: Route | undefined
  #waiting: Delivery[] = []
  readonly #refusals: Refusals
  /** Every queue that was ever fed. */
  readonly #queues = new Set<Entrance>()
  #scheduled = false
  #flushes = 0
  #blocked = false
  #credit = Infinity
  #open = 0
  #onRoom: (() => void)[] = []
  #onIdle: (() => void)[] = []

  constructor(name: string, failures: DecodeFailures) {
    this.#name = name
    this.#refusals = new Refusals(this.counts, failures)
  }

  /** Puts another decoder behind the intake, or none: messages wait then. */
  setDecoder(decode: Decode | undefined): void {
    this.#decode = decode
    this.#remote = undefined
    this.#schedule()
  }

  /** As `setDecoder`, for one that decodes elsewhere and takes its time. */
  setRemoteDecoder(decodeMany: DecodeMany): void {
    this.#decode = undefined
    this.#remote = decodeMany
    this.#schedule()
  }

  /** Resolves when nothing is being decoded elsewhere, at the latest when the signal aborts: what is still there then is decoded again. */
  async home(signal: AbortSignal): Promise<void> {
    this.#remote = undefined
    await this.#away.empty(signal)
    this.#waiting.unshift(...this.#away.abandon())
  }

  /** Puts filters between the decoder and the route, or none; while one of them is not open, messages wait. */
  setFilters(filters: Filters | undefined): void {
    this.#filters = filters
    this.#schedule()
  }

  get filters(): Filters | undefined {
    return this.#filters
  }

  /** Says where records go; undefined while a required output has not yet said what it accepts: messages wait then. */
  setRoute(route: Route | undefined): void {
    this.#route = route
    for (const queue of queuesOf(route)) this.#queues.add(queue)
    this.#schedule()
  }

  /** Lets go of a queue that is no more. */
  forget(queue: Entrance): void {
    this.#queues.delete(queue)
  }

  /** Says how many messages its source sends before it waits for one to be settled; 0 when it sends no more at all. */
  setCredit(messages = Infinity): void {
    this.#credit = messages
    this.#schedule()
  }

  /** Has batches written that wait for more records: their source holds those back, or will bring none. */
  hurry(): void {
    for (const queue of queuesOf(this.#route)) queue.hurry()
  }

  /** Takes one message; the promise is its fate. `letter` is the dead letter that is tried again with it. */
  deliver(message: Message, source?: Source, letter?: number): Promise<void> {
    source?.took()
    return new Promise((resolve, reject) =>
      this.#take(new Delivery(message, this, resolve, reject, undefined, source, letter)),
    )
  }

  /** Takes records that an input without a transport made; the promise is their fate. */
  emit(fill: (out: RecordSink) => void): Promise<void> {
    return new Promise((resolve, reject) => this.#take(new Delivery(NO_MESSAGE, this, resolve, reject, fill)))
  }

  get full(): boolean {
    return (
      this.#blocked ||
      (this.#decode === undefined && this.#remote === undefined) ||
      this.#ready === undefined ||
      (this.#remote !== undefined && this.#waiting.length >= MAX_WAITING) ||
      blockingQueue(this.#route) !== undefined
    )
  }

  /** Resolves as soon as `full` is false. */
  room(): Promise<void> {
    if (!this.full) return Promise.resolve()
    this.#watchQueue()
    return new Promise((resolve) => this.#onRoom.push(resolve))
  }

  /** Messages that have no fate yet. */
  get inFlight(): number {
    return this.#open
  }

  /** Messages whose fate is unknown: always 0. Those that have none yet are counted one by one, wherever they are. */
  get unaccounted(): number {
    const open = new Set<Owner>([...this.#waiting, ...this.#away.deliveries, ...this.#refusals.pending])
    for (const queue of this.#queues)
      for (const owner of queue.owners()) if (owner.openAt === this) open.add(owner)
    const { received, settled, returned, refused, dropped } = this.counts
    return received - settled - returned - refused - dropped - open.size
  }

  /** Resolves as soon as every message has its fate. */
  idle(): Promise<void> {
    if (this.#open === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  /** Gives back the messages that were not decoded yet, those of one source or all: their peer shall send them again. */
  returnWaiting(error: PluginError, source?: Source): void {
    const isMeant = (delivery: Delivery): boolean => source === undefined || delivery.source === source
    const meant = this.#waiting.filter(isMeant)
    this.#waiting = this.#waiting.filter((delivery) => !isMeant(delivery))
    for (const delivery of meant) delivery.refuse(error)
  }

  /** Gives back all messages of a source that is gone, but for records that are being written: what it sends again would be here twice. */
  purge(error: PluginError, source: Source): void {
    this.returnWaiting(error, source)
    const gone = new Set([...this.#queues].flatMap((queue) => [...queue.purge(source)]))
    for (const owner of gone) owner.abandon(error)
  }

  settled(delivery: Delivery): void {
    this.#open--
    delivery.source?.settled()
    if (delivery.failure === undefined) this.counts.settled++
    else if (delivery.failure.retryable === false) this.counts.refused++
    else if (delivery.message.lastTry === true) this.counts.dropped++
    else this.counts.returned++
    if (this.#open === 0 && this.#onIdle.length > 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  #take(delivery: Delivery): void {
    this.counts.received++
    this.#open++
    this.#waiting.push(delivery)
    if (!this.#scheduled) this.#schedule()
  }

  // A microtask runs when the transport has handed in all that it had: one flush for a whole burst.
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    const flush = (): void => {
      this.#scheduled = false
      this.#flush()
    }
    if (++this.#flushes % FLUSHES_PER_TURN === 0) setImmediate(flush)
    else queueMicrotask(flush)
  }

  #flush(): void {
    if (this.#remote !== undefined) this.#sendAway(this.#remote)
    const waiting = this.#waiting
    let next = 0
    while (
      next < waiting.length &&
      this.#decode !== undefined &&
      this.#ready !== undefined &&
      !this.#watchQueue()
    ) {
      next = this.#decodeChunk(waiting, next, this.#ready)
    }
    if (next === waiting.length) this.#waiting = []
    else waiting.splice(0, next)
    if (this.#open >= this.#credit) this.hurry()
    if (this.#onRoom.length === 0) return
    if (this.full) this.#watchQueue()
    else for (const resolve of this.#onRoom.splice(0)) resolve()
  }

  /** Has the next messages decoded elsewhere: one batch at a time, so that they keep their order. */
  #sendAway(decodeMany: DecodeMany): void {
    if (this.#ready === undefined || this.#waiting.length === 0 || !this.#away.free || this.#watchQueue())
      return
    void this.#away.send(this.#waiting, decodeMany).then((back) => {
      const route = this.#ready
      if (back.kind === 'decoded' && route !== undefined)
        this.#takeDecoded(back.deliveries, this.#filters?.decoded(back.decoded) ?? back.decoded, {
          route,
          raw: back.decoded.ends,
        })
      else if (back.kind === 'poison') this.#refusals.refuse(back.delivery, back.error)
      else this.#waiting.unshift(...back.deliveries)
      this.#schedule()
    })
  }

  #takeDecoded(
    deliveries: readonly Delivery[],
    { batches, ends, failures, notes }: Decoded,
    { route, raw }: { readonly route: Route; readonly raw: Ends },
  ): void {
    const done: Delivery[] = []
    const owned = SIGNALS.map((signal) => [signal, new Ownership(), requiredCount(route[signal])] as const)
    for (const [i, delivery] of deliveries.entries()) {
      const failure = failures.get(i)
      if (failure !== undefined) {
        this.#refusals.refuse(delivery, failure)
        continue
      }
      const noted = notes.get(i)
      if (noted !== undefined) this.#refusals.note(delivery, noted)
      let acceptances = 0
      let total = 0
      for (const [signal, ownership, required] of owned) {
        const end = ends[signal][i]!
        const records = end - (i === 0 ? 0 : ends[signal][i - 1]!)
        if (records > 0) ownership.add(delivery, end)
        acceptances += records * required
        total += records
      }
      const decoded = raw === ends ? total : recordsOf(raw, i)
      this.counts.filtered += decoded - total
      if (decoded === 0) this.counts.empty++
      if (acceptances === 0) done.push(delivery)
      else delivery.expect(acceptances)
    }
    for (const [signal, ownership] of owned)
      this.#forward(
        ownership,
        batches.find((batch) => batch.signal === signal),
        route[signal],
      )
    for (const delivery of done) delivery.expect(0)
  }

  /** Decodes messages until there is a chunk's worth of records, routes them, and returns the position of the next message. */
  #decodeChunk(waiting: readonly Delivery[], first: number, route: Route): number {
    const sink = this.#sink
    // What a decoder put there after it had returned belongs to no message.
    sink.rewind(0, 0, 0)
    const metrics = new Ownership()
    const events = new Ownership()
    const logs = new Ownership()
    const perSample = requiredCount(route.metric)
    const perEvent = requiredCount(route.event)
    const perLog = requiredCount(route.log)
    const done: Delivery[] = []
    let next = first
    while (next < waiting.length && sink.samples + sink.events + sink.logs < CHUNK_RECORDS) {
      const delivery = waiting[next++]!
      const { samples, events: eventsBefore, logs: logsBefore } = sink
      const { filtered } = this.counts
      if (!this.#decodeOne(delivery)) {
        sink.rewind(samples, eventsBefore, logsBefore)
        continue
      }
      if (sink.samples > samples) metrics.add(delivery, sink.samples)
      if (sink.events > eventsBefore) events.add(delivery, sink.events)
      if (sink.logs > logsBefore) logs.add(delivery, sink.logs)
      const acceptances =
        (sink.samples - samples) * perSample +
        (sink.events - eventsBefore) * perEvent +
        (sink.logs - logsBefore) * perLog
      if (
        sink.samples === samples &&
        sink.events === eventsBefore &&
        sink.logs === logsBefore &&
        this.counts.filtered === filtered
      )
        this.counts.empty++
      if (acceptances === 0) done.push(delivery)
      else delivery.expect(acceptances)
    }
    this.#forward(metrics, sink.cut('metric'), route.metric)
    this.#forward(events, sink.cut('event'), route.event)
    this.#forward(logs, sink.cut('log'), route.log)
    for (const delivery of done) delivery.expect(0)
    return next
  }

  #decodeOne(delivery: Delivery): boolean {
    const filters = this.#filters
    const sink = filters === undefined ? this.#sink : this.#raw
    if (filters !== undefined) sink.rewind(0, 0, 0)
    try {
      const made: unknown =
        delivery.fill === undefined ? this.#decode!(delivery.message, sink) : delivery.fill(sink)
      if (typeof (made as PromiseLike<void> | undefined)?.then === 'function') {
        Promise.resolve(made).catch(() => undefined)
        throw new Error('decode returned a promise: it must be synchronous')
      }
      if (filters !== undefined) this.counts.filtered += filters.pass(sink, this.#sink)
    } catch (thrown) {
      sink.takeNotes()
      this.#refusals.refuse(delivery, asError(thrown))
      return false
    }
    if (sink.noted) this.#refusals.note(delivery, sink.takeNotes())
    return true
  }

  #forward(ownership: Ownership, batch: Batch | undefined, edges: readonly Edge[]): void {
    if (batch === undefined) return
    this.counts.records += batch.length
    if (edges.length === 0) {
      this.counts.unrouted += batch.length
      return
    }
    const chunk = ownership.chunk(this.#name, batch)
    for (const edge of edges) edge.queue.push(chunk, edge.required)
  }

  /** The route, unless a filter is not open: then nothing may take it. */
  get #ready(): Route | undefined {
    return this.#filters?.closed === undefined ? this.#route : undefined
  }

  /** True when a queue blocks; the flush goes on by itself once it has room. */
  #watchQueue(): boolean {
    const queue = blockingQueue(this.#route)
    if (queue === undefined) return false
    if (!this.#blocked) {
      this.#blocked = true
      queue.onRoom(() => {
        this.#blocked = false
        this.#schedule()
      })
    }
    return true
  }
}

/** How many records there are of one message, of all signals. */
function recordsOf(ends: Ends, message: number): number {
  let records = 0
  for (const signal of SIGNALS)
    records += ends[signal][message]! - (message === 0 ? 0 : ends[signal][message - 1]!)
  return records
}

const SIGNALS = ['metric', 'event', 'log'] as const
const NO_MESSAGE: Message = { body: Buffer.alloc(0) }
