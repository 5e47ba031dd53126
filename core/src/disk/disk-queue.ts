import { Worker } from 'node:worker_threads'
import type { Batch } from '@smart-gateway/sdk'
import { GatewayError, asError, reasonOf } from '../errors.ts'
import { decodeBatch, encodeBatch } from './batch-codec.ts'
import type { Amount, Damage, Fault, Reply, Request } from './messages.ts'
import { SeriesDictionary } from './series-dictionary.ts'

/** A batch that was read back. */
export interface StoredBatch {
  readonly id: number
  /** The input that it came from. */
  readonly input: string
  readonly batch: Batch
  /** What it costs on the disk. */
  readonly bytes: number
  readonly arrivedMs: number
}

/** A batch on its way to the disk. */
export interface Appended {
  /** Grows with every call. A number is not used again while the file is open. */
  readonly id: number
  /** What it will cost on the disk; 0 when it cannot be stored. */
  readonly bytes: number
  /**
   * Resolves after the fsync. Rejects with a GatewayError: `retryable` when it may be appended again (no room, a failed disk or
   * thread), else because JSON cannot hold its records. After a rejection it is not in the file, unless the disk or the thread failed.
   */
  readonly onDisk: Promise<void>
}

/**
 * The file of one output's queue. It holds batches in the order of their ids until they are removed. A thread does all that
 * touches the disk; all that is asked while a transaction runs goes into the next one, and each transaction is fsynced. Who
 * appends bounds what is in it. On the disk it takes up to as much again, at least 8 MiB, as pages that are free, up to 8 MiB as
 * its log (`-wal`), and 4 MiB that are kept (`-reserve`) so that a full disk can be drained.
 */
export interface DiskQueueFile {
  /** What was there when it was opened, without what was damaged. */
  readonly recovered: Amount
  /** What was there when it was opened and could not be read; it was moved aside, into the file's table `damaged`. */
  readonly damaged: readonly Damage[]
  /** What is on the disk and on its way there. Shrinks when a removal is on the disk. */
  readonly stored: Amount
  /** Transactions, each with one fsync or two, since it was opened. */
  readonly commits: number
  /** Resolves when the file ends without `close`, with the reason; it can then be opened again. */
  readonly failed: Promise<GatewayError>
  append(input: string, batch: Batch, arrivedMs: number): Appended
  /**
   * Forgets batches, those on their way included; what is not there is ignored. Resolves when they are gone for good, or when the
   * file has ended: those that were not gone by then come again. Never rejects.
   */
  remove(ids: readonly number[]): Promise<void>
  /**
   * The oldest batches after an id, up to so many bytes, at least one unless there is none. Sees every append and removal before
   * it. A series of this process comes back as the same object. Rejects, retryable, when the file has ended.
   */
  read(afterId: number, maxBytes: number): Promise<readonly StoredBatch[]>
  /** Writes what is pending and lets go of the file. Never rejects; calling it twice is fine. */
  close(): Promise<void>
}

export interface DiskQueueOptions {
  readonly path: string
  /** Is told of a batch that turns out to be damaged while the file is open: it was moved aside and will not be read. */
  readonly onDamage: (damage: Damage) => void
}

/** Opens a queue's file, or makes it; rejects with a GatewayError that says why it cannot. */
export function openDiskQueue(options: DiskQueueOptions): Promise<DiskQueueFile> {
  return new Promise((resolve, reject) => {
    const worker = startThread(options.path)
    let failure: GatewayError | undefined
    worker.once('message', (reply: Reply) => {
      if (reply.kind === 'opened') resolve(new DiskQueue(worker, options, reply))
      else if (reply.kind === 'failed') failure = errorOf(reply.fault)
    })
    worker.once('error', (cause) => (failure = endOf(options.path, cause)))
    // Only then is the file let go of.
    worker.once('exit', () => reject(failure ?? endOf(options.path)))
  })
}

/** Runs from the sources and from what is built of them. */
function startThread(path: string): Worker {
  const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js'
  return new Worker(new URL(file, import.meta.url), { workerData: { path } })
}

interface Append {
  readonly id: number
  readonly records: number
  readonly bytes: number
  readonly onDisk: PromiseWithResolvers<void>
}

class DiskQueue implements DiskQueueFile {
  readonly recovered: Amount
  readonly damaged: readonly Damage[]
  readonly #worker: Worker
  readonly #options: DiskQueueOptions
  readonly #dictionary: SeriesDictionary
  readonly #lastRecoveredId: number
  readonly #failed = Promise.withResolvers<GatewayError>()
  readonly #closed = Promise.withResolvers<void>()
  readonly #appends: Append[] = []
  readonly #pending = { records: 0, bytes: 0 }
  readonly #removals: PromiseWithResolvers<void>[] = []
  readonly #reads: PromiseWithResolvers<readonly StoredBatch[]>[] = []
  /** Requests of this turn, which go to the thread together. */
  #outbox: Request[] = []
  #onDisk: Amount
  #commits = 0
  #lastId: number
  #oldestId = 0
  #closing = false
  #end: GatewayError | undefined

  constructor(worker: Worker, options: DiskQueueOptions, opened: Extract<Reply, { kind: 'opened' }>) {
    this.recovered = this.#onDisk = opened.recovered
    this.damaged = opened.damaged
    this.#worker = worker
    this.#options = options
    this.#dictionary = new SeriesDictionary(opened.lastSeriesId)
    this.#lastId = this.#lastRecoveredId = opened.lastId
    worker.on('message', (reply: Reply) => this.#take(reply))
    worker.once('error', (cause) => (this.#end = endOf(options.path, cause)))
    worker.once('exit', () => this.#ended())
  }

  get stored(): Amount {
    const { batches, records, bytes } = this.#onDisk
    return {
      batches: batches + this.#appends.length,
      records: records + this.#pending.records,
      bytes: bytes + this.#pending.bytes,
    }
  }

  get commits(): number {
    return this.#commits
  }

  get failed(): Promise<GatewayError> {
    return this.#failed.promise
  }

  append(input: string, batch: Batch, arrivedMs: number): Appended {
    const id = ++this.#lastId
    const onDisk = Promise.withResolvers<void>()
    const refuse = (error: GatewayError): Appended => {
      onDisk.reject(error)
      return { id, bytes: 0, onDisk: onDisk.promise }
    }
    if (this.#closing || this.#end !== undefined) return refuse(this.#end ?? endOf(this.#options.path))
    let body: Uint8Array<ArrayBuffer>
    try {
      body = encodeBatch(batch, id, this.#dictionary)
    } catch (error) {
      return refuse(
        new GatewayError('SG_RECORD_UNSTORABLE', reasonOf(error), { cause: error, retryable: false }),
      )
    }
    const series = this.#dictionary.takeFresh()
    let bytes = body.byteLength
    for (const { text } of series) bytes += text.length
    const { signal, length: records } = batch
    this.#ask({ kind: 'append', row: { id, input, signal, records, bytes, arrivedMs, body }, series })
    this.#appends.push({ id, records, bytes, onDisk })
    this.#pending.records += records
    this.#pending.bytes += bytes
    const unused = this.#dictionary.sweep(this.#oldestId, id)
    if (unused.length > 0) this.#ask({ kind: 'forgetSeries', ids: unused })
    return { id, bytes, onDisk: onDisk.promise }
  }

  remove(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return Promise.resolve()
    if (this.#closing || this.#end !== undefined) return this.#closed.promise
    const removal = Promise.withResolvers<void>()
    this.#removals.push(removal)
    this.#ask({ kind: 'remove', ids })
    return removal.promise
  }

  read(afterId: number, maxBytes: number): Promise<readonly StoredBatch[]> {
    const read = Promise.withResolvers<readonly StoredBatch[]>()
    if (this.#closing || this.#end !== undefined) read.reject(this.#end ?? endOf(this.#options.path))
    else {
      this.#reads.push(read)
      this.#ask({ kind: 'read', afterId, maxBytes })
    }
    return read.promise
  }

  close(): Promise<void> {
    if (!this.#closing && this.#end === undefined) this.#ask({ kind: 'close' })
    this.#closing = true
    return this.#closed.promise
  }

  #ask(request: Request): void {
    if (this.#outbox.push(request) > 1) return
    queueMicrotask(() => {
      const requests = this.#outbox
      this.#outbox = []
      const bodies = requests.flatMap((one) => (one.kind === 'append' ? [one.row.body.buffer] : []))
      this.#worker.postMessage(requests, bodies)
    })
  }

  #take(reply: Reply): void {
    if (reply.kind === 'committed') this.#committed(reply)
    else if (reply.kind === 'refused') this.#settle(reply.upToId, errorOf(reply.fault))
    else if (reply.kind === 'rows') this.#answer(reply)
    else if (reply.kind === 'failed') this.#end = errorOf(reply.fault)
    else if (reply.kind === 'damaged') {
      this.#onDisk = reply.stored
      this.#options.onDamage(reply.damage)
    }
  }

  #committed({ upToId, removals, stored, oldestId }: Extract<Reply, { kind: 'committed' }>): void {
    this.#commits++
    this.#onDisk = stored
    if (this.#oldestId <= this.#lastRecoveredId && oldestId > this.#lastRecoveredId)
      this.#dictionary.unlearn()
    this.#oldestId = oldestId
    this.#settle(upToId)
    for (const removal of this.#removals.splice(0, removals)) removal.resolve()
  }

  #settle(upToId: number, failure?: GatewayError): void {
    const first = this.#appends.findIndex(({ id }) => id > upToId)
    const settled = this.#appends.splice(0, first === -1 ? Infinity : first)
    for (const { onDisk, records, bytes } of settled) {
      this.#pending.records -= records
      this.#pending.bytes -= bytes
      if (failure === undefined) onDisk.resolve()
      else onDisk.reject(failure)
    }
  }

  #answer({ rows, series }: Extract<Reply, { kind: 'rows' }>): void {
    this.#dictionary.learn(series)
    const batches: StoredBatch[] = []
    for (const row of rows) {
      const { id, input, bytes, arrivedMs, records } = row
      try {
        batches.push({ id, input, batch: decodeBatch(row, this.#dictionary), bytes, arrivedMs })
      } catch (error) {
        this.#ask({ kind: 'setAside', damage: { id, input, records, bytes, reason: reasonOf(error) } })
      }
    }
    this.#reads.shift()!.resolve(batches)
  }

  #ended(): void {
    const error = (this.#end ??= endOf(this.#options.path))
    this.#settle(Infinity, error)
    for (const read of this.#reads.splice(0)) read.reject(error)
    for (const removal of this.#removals.splice(0)) removal.resolve()
    this.#closed.resolve()
    if (!this.#closing) this.#failed.resolve(error)
  }
}

function errorOf({ code, message, reason }: Fault): GatewayError {
  return new GatewayError(code, message, reason === undefined ? {} : { cause: new Error(reason) })
}

function endOf(path: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'SG_QUEUE_ENDED',
    `the disk queue ${path} is closed`,
    cause === undefined ? {} : { cause: asError(cause) },
  )
}
