import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { OutputSpec } from '../config/configuration.ts'
import { openDiskQueue } from '../disk/disk-queue.ts'
import type { Damage } from '../disk/messages.ts'
import { GatewayError, reasonOf } from '../errors.ts'
import { DurableQueue } from '../pipeline/durable-queue.ts'
import type { Entrance, QueueLimits } from '../pipeline/entrance.ts'
import type { Refused } from '../pipeline/parts.ts'
import { Queue } from '../pipeline/queue.ts'
import { status } from './states.ts'
import type { Status } from './states.ts'

/** What an output's queue is made of. */
export interface OutputQueueParts {
  readonly name: string
  readonly stateFolder: string
  readonly log: Logger
  /** Told where records enter, each time that changes. */
  moved(): void
  /** Told of records that cannot be stored; they have their fate when the promise is kept. It must not reject. */
  refused(refused: readonly Refused[]): Promise<void>
}

/** What of a disk queue is in memory. */
const FRONT: QueueLimits = { maxBytes: 16 * 1024 * 1024, whenFull: 'block' }
/** How long what is on the disk may take to come into memory, while inputs wait. */
const CATCH_UP_MS = 5000
const LOOK_MS = 10

/**
 * The queue of an output: in memory, or on the disk with what is written next in memory. Which of both it is can change while records
 * wait in it, and none of them is moved: what is on the disk is written from there, and before what comes after it.
 */
export class OutputQueue {
  /** What is written next. */
  readonly front: Queue
  /** All that records were handed to, but for disks that it has left. */
  entrances: readonly Entrance[]
  readonly #parts: OutputQueueParts
  readonly #file: string
  #limits: QueueLimits
  #durable: DurableQueue | undefined
  /** The disk that the queue has left, until all that it holds is written. */
  #leaving: DurableQueue | undefined
  /** The disk of an earlier run, which is left as soon as all that it holds is in memory. */
  #found: DurableQueue | undefined
  #trouble: Status | undefined

  constructor({ type, ...limits }: OutputSpec['queue'], parts: OutputQueueParts) {
    this.#parts = parts
    this.#limits = limits
    this.#file = join(parts.stateFolder, 'queues', `${parts.name}.sqlite`)
    this.front = new Queue(type === 'disk' ? frontOf(limits) : limits)
    this.entrances = [this.front]
    if (type === 'disk') this.#durable = this.#onDisk(limits)
  }

  /** Where records are handed in. */
  get entrance(): Entrance {
    return this.#durable ?? this.front
  }

  get isOnDisk(): boolean {
    return this.#durable !== undefined
  }

  /** Why the disk cannot be used now. */
  get trouble(): Status | undefined {
    return this.#trouble
  }

  get bytes(): number {
    return (this.#durable ?? this.front).bytes
  }

  /** Records that have no fate yet by input. */
  inFlight(): Map<string, number> {
    const all = this.front.inFlight()
    for (const disk of [this.#durable, this.#leaving])
      for (const [input, records] of disk?.inFlight() ?? []) all.set(input, (all.get(input) ?? 0) + records)
    return all
  }

  /** Records that are not on the disk, nor on their way there, and have no fate yet. */
  get inMemory(): number {
    const inFront = [...this.front.inFlight().values()].reduce((sum, records) => sum + records, 0)
    return inFront + (this.#durable?.waiting ?? 0)
  }

  /** Opens its file, where it has one; resolves after the first try. What an earlier run left on the disk is written first. */
  async open(): Promise<void> {
    if (this.#durable !== undefined) return await this.#durable.start()
    if (!existsSync(this.#file)) return
    const limits = this.#limits
    const found = this.#onDisk(limits)
    await found.start()
    if (!found.isOpen) {
      await this.#letGo(found)
      this.#parts.log.error(`${this.#file}, of an earlier run, cannot be opened; it is left as it is`)
      return
    }
    this.#enter(found, limits)
    this.#found = found
    void this.#leaveWhenCaughtUp(found)
  }

  /** Takes other limits, and moves between memory and disk. Rejects with SG_QUEUE_NOT_MOVED and nothing changed where that cannot be. */
  async update({ type, ...limits }: OutputSpec['queue']): Promise<void> {
    const durable = this.#durable
    if (type === 'memory' && durable !== undefined && durable === this.#found)
      return void (this.#limits = limits)
    this.#found = undefined
    if (type === 'disk' && durable === undefined) return await this.#moveToDisk(limits)
    if (type === 'memory' && durable !== undefined) return await this.#moveToMemory(durable, limits)
    this.#limits = limits
    if (durable === undefined) return this.front.limit(limits)
    durable.limit(limits)
    this.front.limit(frontOf(limits))
  }

  /** Gives back what is not on the disk, for an output that is taken away. */
  evict(error: GatewayError): { readonly returned: number; readonly dropped: number } {
    const inFront = this.front.evict(error)
    const waiting = this.#durable?.evict(error)
    return {
      returned: inFront.returned + (waiting?.returned ?? 0),
      dropped: inFront.dropped + (waiting?.dropped ?? 0),
    }
  }

  /** Lets go of its file. Returns the records that stay there. */
  async close(): Promise<number> {
    const [now, before] = await Promise.all([this.#durable?.close(), this.#leaving?.close()])
    return (now ?? 0) + (before ?? 0)
  }

  async #moveToDisk(limits: QueueLimits): Promise<void> {
    const durable = this.#leaving ?? this.#onDisk(limits)
    if (durable !== this.#leaving) await durable.start()
    if (!durable.isOpen) {
      const reason = this.#trouble?.reason ?? 'its disk queue cannot be opened'
      await this.#letGo(durable)
      throw new GatewayError('SG_QUEUE_NOT_MOVED', `the queue stays in memory: ${reason}`)
    }
    this.#leaving = undefined
    durable.limit(limits)
    this.#enter(durable, limits)
  }

  async #letGo(durable: DurableQueue): Promise<void> {
    await this.#forget(durable)
    this.#trouble = undefined
  }

  async #forget(durable: DurableQueue): Promise<number> {
    this.entrances = this.entrances.filter((one) => one !== durable)
    return await durable.close()
  }

  #enter(durable: DurableQueue, limits: QueueLimits): void {
    this.#limits = limits
    this.#durable = durable
    this.front.limit(frontOf(limits))
    this.#parts.moved()
  }

  async #moveToMemory(durable: DurableQueue, limits: QueueLimits): Promise<void> {
    durable.pause()
    for (const deadlineMs = Date.now() + CATCH_UP_MS; !durable.isCaughtUp && Date.now() < deadlineMs;)
      await delay(LOOK_MS)
    if (!durable.isCaughtUp) {
      durable.resume()
      const records = [...durable.inFlight().values()].reduce((sum, one) => sum + one, 0)
      const message = `the queue stays on the disk: ${records} records lie there, more than memory takes at once; try again when they are written`
      throw new GatewayError('SG_QUEUE_NOT_MOVED', message)
    }
    this.#leave(durable, limits)
    durable.resume()
  }

  /** What an earlier run left is written as it comes; the disk is used until all of it is in memory. */
  async #leaveWhenCaughtUp(durable: DurableQueue): Promise<void> {
    while (this.#found === durable && !durable.isClosed) {
      if (durable.isCaughtUp) return this.#leave(durable, this.#limits)
      await delay(LOOK_MS, undefined, { ref: false })
    }
  }

  #leave(durable: DurableQueue, limits: QueueLimits): void {
    this.#limits = limits
    this.#durable = undefined
    this.#found = undefined
    this.#leaving = durable
    this.front.limit(limits)
    this.#parts.moved()
    void durable.emptied().then(async () => {
      if (this.#leaving !== durable) return
      this.#leaving = undefined
      if ((await this.#forget(durable)) > 0) return
      await Promise.all(['', '-wal', '-shm', '-reserve'].map((end) => rm(this.#file + end, { force: true })))
    })
  }

  #onDisk(limits: QueueLimits): DurableQueue {
    const { log } = this.#parts
    const path = this.#file
    const onDamage = (damage: Damage): void => queue.damaged(damage)
    const queue: DurableQueue = new DurableQueue(
      limits,
      this.front,
      () => openDiskQueue({ path, onDamage }),
      {
        failing: (error, delayMs) => {
          const reason = `its disk queue fails: ${reasonOf(error)}`
          this.#trouble = {
            ...(this.#trouble ?? status('degraded')),
            reason,
            nextTryMs: Date.now() + delayMs,
          }
          const { code, hint } = error as { code?: string; hint?: string }
          log.error({ code, hint, retryInMs: delayMs }, reason)
        },
        works: () => {
          this.#trouble = undefined
          log.info('its disk queue works again')
        },
        damaged: ({ reason, records }) =>
          log.error({ records }, `a batch in ${path} is damaged and was moved aside: ${reason}`),
        recovered: (records) => log.info({ records }, 'its disk queue holds records of an earlier run'),
        unstorable: (part, error) => this.#parts.refused([{ part, error }]),
      },
    )
    this.entrances = [...this.entrances, queue]
    return queue
  }
}

function frontOf({ maxAgeMs }: QueueLimits): QueueLimits {
  return { ...FRONT, ...(maxAgeMs !== undefined && { maxAgeMs }) }
}
