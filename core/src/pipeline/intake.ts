import type { Batch, Message, PluginError, RecordSink } from '@smart-gateway/sdk'
import { Away } from './away.ts'
import type { Back, DecodeMany } from './away.ts'
import type { Owner } from './chunk.ts'
import { decodeEach } from './decode-each.ts'
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
/** For so long it decodes in one go, then all else has a turn: a decoder that is slow, or new and not compiled yet, is not to hold up others. */
const TURN_MS = 0.5
/** After so many turns each further one is twice as long until no message is left: what comes faster than it is decoded does not pile up. */
const SHORT_TURNS = 8
/** A source that waits for each fate, before an output that takes records at once, would let nothing else run: every so often all else has a turn. */
const FLUSHES_PER_TURN = 100

/**
 * An input's end of the pipeline: takes messages, decodes them, hands the records to the queues of its route. It belongs to
 * the input's name; decoders come and go behind it between two messages. What arrives in one turn of the event loop is decoded
 * in one go, unless that takes too long.
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
  readonly #away = new Away()
  #decode: Decode | undefined
  #remote: DecodeMany | undefined
  #shadow: ((messages: readonly Message[], decoded: Decoded) => void) | undefined
  #filters: Filters | undefined
  #route: Route | undefined
  #waiting: Delivery[] = []
  readonly #refusals: Refusals
  /** The queues of the route, and those before that still hold what it waits for. */
  readonly #queues = new Set<Entrance>()
  #scheduled = false
  #flushes = 0
  /** Turns in a row that left messages. */
  #turns = 0
  /** So many of the next messages that are decoded shall be written at once. */
  #hurried = 0
  #credit = Infinity
  #open = 0
  #onRoom: (() => void)[] = []
  #onIdle: (() => void)[] = []
  readonly #decodeOne = (delivery: Delivery, out: RecordSink): void =>
    delivery.fill === undefined ? this.#decode!(delivery.message, out) : delivery.fill(out)
  readonly #goOn = (): void => this.#schedule()

  constructor(name: string, failures: DecodeFailures) {
    this.#name = name
    this.#refusals = new Refusals(this.counts, failures)
  }

  /** Puts another decoder behind the intake, or none: messages wait then. */
  setDecoder(decode: Decode | undefined): void {
    this.#decode = decode
    this.#remote = undefined
    this.#turns = 0
    this.#schedule()
  }

  /** As `setDecoder`, for one that decodes elsewhere and takes its time. */
  setRemoteDecoder(decodeMany: DecodeMany): void {
    this.#decode = undefined
    this.#remote = decodeMany
    this.#away.beginSmall()
    this.#schedule()
  }

  /** Shows what is decoded from now on, or shows it no more. */
  setShadow(shadow: ((messages: readonly Message[], decoded: Decoded) => void) | undefined): void {
    this.#shadow = shadow
  }

  /** Resolves when nothing is being decoded elsewhere, at the latest when the signal aborts: what is still there then is decoded again. */
  async home(signal: AbortSignal): Promise<void> {
    this.#remote = undefined
    await this.#away.empty(signal)
    if (!this.#away.free) this.#takeBack(this.#away.giveUp())
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
    const queues = new Set(queuesOf(route))
    for (const queue of this.#queues)
      if (!queues.has(queue) && !this.#waitsFor(queue)) this.#queues.delete(queue)
    for (const queue of queues) this.#queues.add(queue)
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
    this.#hurried = this.#waiting.length + this.#away.deliveries.length
    for (const queue of queuesOf(this.#route)) queue.hurry()
  }

  /** Takes one message; the promise is its fate. `letter` is the dead letter that is tried again with it. */
  deliver(message: Message, source?: Source, letter?: number): Promise<void> {
    source?.took()
    return new Promise((resolve, reject) =>
      this.#take(new Delivery(message, this, resolve, reject, undefined, source, letter)),
    )
  }

  /** Takes note of messages that could not be taken, and that nobody will send again. */
  lost(messages: number): void {
    if (!(messages > 0 && Number.isSafeInteger(messages))) return
    this.counts.received += messages
    this.counts.dropped += messages
  }

  /** Takes records that an input without a transport made; the promise is their fate. */
  emit(fill: (out: RecordSink) => void): Promise<void> {
    return new Promise((resolve, reject) => this.#take(new Delivery(NO_MESSAGE, this, resolve, reject, fill)))
  }

  get full(): boolean {
    return (
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
    // What is being decoded elsewhere is not decoded yet: what is not meant of it is decoded again.
    if (this.#away.deliveries.some(isMeant)) this.#waiting.unshift(...this.#away.abandon())
    const meant = this.#waiting.filter(isMeant)
    this.#waiting = this.#waiting.filter((delivery) => !isMeant(delivery))
    for (const delivery of meant) delivery.refuse(error)
    this.#schedule()
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
  #schedule(inNextTurn = false): void {
    if (this.#scheduled) return
    this.#scheduled = true
    const flush = (): void => {
      this.#scheduled = false
      this.#flush()
    }
    if (inNextTurn || ++this.#flushes % FLUSHES_PER_TURN === 0) setImmediate(flush)
    else queueMicrotask(flush)
  }

  #flush(): void {
    if (this.#remote !== undefined) this.#sendAway(this.#remote)
    const waiting = this.#waiting
    const endMs = performance.now() + TURN_MS * 2 ** Math.max(0, this.#turns + 1 - SHORT_TURNS)
    let isOver = false
    let next = 0
    while (
      !isOver &&
      next < waiting.length &&
      this.#decode !== undefined &&
      this.#ready !== undefined &&
      !this.#watchQueue()
    ) {
      const decoded = decodeEach(waiting, next, this.#decodeOne, this.#sink, {
        records: CHUNK_RECORDS,
        endMs,
      })
      this.#takeDecoded(waiting, next, decoded, this.#ready)
      next += decoded.count
      isOver = performance.now() >= endMs
    }
    if (next === waiting.length) this.#waiting = []
    else waiting.splice(0, next)
    if (isOver && this.#waiting.length > 0) {
      this.#turns++
      this.#schedule(true)
      return
    }
    this.#turns = 0
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
      // Who asks one that has ended again would only be told so, again and again.
      if (back.kind !== 'decoded' && this.#remote === decodeMany) this.#remote = undefined
      const route = this.#ready
      if (back.kind === 'decoded' && route !== undefined)
        this.#takeDecoded(back.deliveries, 0, back.decoded, route)
      else this.#takeBack(back)
      this.#schedule()
    })
  }

  /** Has what was not decoded sent again, but for what is to blame. */
  #takeBack(back: Back): void {
    if (back.kind === 'poison') this.#refusals.refuse(back.delivery, back.error)
    else this.#waiting.unshift(...back.deliveries)
  }

  /** Routes what the filters leave of messages from a position on, and gives those their fate that came to nothing. */
  #takeDecoded(deliveries: readonly Delivery[], from: number, decoded: Decoded, route: Route): void {
    this.#shadow?.(
      deliveries.slice(from, from + decoded.count).map(({ message }) => message),
      decoded,
    )
    const { count, batches, ends, failures, notes } = this.#filters?.decoded(decoded) ?? decoded
    const done: Delivery[] = []
    const owned = batches.map(({ signal }) => ({
      ends: ends[signal],
      ownership: new Ownership(),
      required: requiredCount(route[signal]),
    }))
    for (let i = 0; i < count; i++) {
      const delivery = deliveries[from + i]!
      const failure = failures.get(i)
      if (failure !== undefined) {
        this.#refusals.refuse(delivery, failure)
        continue
      }
      const noted = notes.get(i)
      if (noted !== undefined) this.#refusals.note(delivery, noted)
      let acceptances = 0
      let records = 0
      for (const one of owned) {
        const end = one.ends[i]!
        const own = end - (i === 0 ? 0 : one.ends[i - 1]!)
        if (own === 0) continue
        one.ownership.add(delivery, end)
        records += own
        acceptances += own * one.required
      }
      const made = ends === decoded.ends ? records : recordsOf(decoded.ends, i)
      this.counts.filtered += made - records
      if (made === 0) this.counts.empty++
      if (acceptances === 0) done.push(delivery)
      else delivery.expect(acceptances)
    }
    for (const [i, batch] of batches.entries()) this.#forward(owned[i]!.ownership, batch, route[batch.signal])
    for (const delivery of done) delivery.expect(0)
    if (this.#hurried === 0) return
    this.#hurried = Math.max(0, this.#hurried - count)
    for (const queue of queuesOf(route)) queue.hurry()
  }

  #forward(ownership: Ownership, batch: Batch, edges: readonly Edge[]): void {
    this.counts.records += batch.length
    if (edges.length === 0) {
      this.counts.unrouted += batch.length
      return
    }
    const chunk = ownership.chunk(this.#name, batch)
    for (const edge of edges) edge.queue.push(chunk, edge.required)
  }

  #waitsFor(queue: Entrance): boolean {
    for (const { openAt } of queue.owners()) if (openAt === this) return true
    return false
  }

  /** The route, unless a filter is not open: then nothing may take it. */
  get #ready(): Route | undefined {
    return this.#filters?.closed === undefined ? this.#route : undefined
  }

  /** True when a queue blocks; the flush goes on by itself once it has room. */
  #watchQueue(): boolean {
    const queue = blockingQueue(this.#route)
    if (queue === undefined) return false
    // Each time, for the one that was asked before may be off the route, or the queue be another one behind its filters.
    queue.onRoom(this.#goOn)
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
