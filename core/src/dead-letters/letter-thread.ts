import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { GatewayError, reasonOf } from '../errors.ts'
import type { LetterLimits, Totals } from './letter-file.ts'
import type { Call, Opening, Order, Report, Result } from './thread.ts'

/** Calls in one commit: so many are made ready within one turn of the event loop. */
const CALLS_PER_COMMIT = 500
const BODY_BYTES_PER_COMMIT = 1024 * 1024

interface Waiting {
  /** Makes the call when its turn comes. */
  readonly make: () => Call
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
}

/** The file's thread as it is seen from here. What is asked for while it commits becomes the next commit: one wait for the disk serves all. */
export class LetterThread {
  readonly #worker: Worker
  #totals: Totals
  #waiting: Waiting[] = []
  #open: readonly Waiting[] = []
  #scheduled = false
  #ended: unknown
  #closed: Promise<void> | undefined

  private constructor(worker: Worker, totals: Totals) {
    this.#worker = worker
    this.#totals = totals
    worker.on('message', (report: Report) => this.#settle(report))
    worker.on('error', (error) => this.#end(error))
    worker.on('exit', () => this.#end(new Error('the thread of their store has ended')))
    worker.unref()
  }

  /** Starts the thread; rejects with a GatewayError when the file cannot be used. */
  static async start(file: string, limits: LetterLimits): Promise<LetterThread> {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = new Worker(new URL(`./thread.${extension}`, import.meta.url), {
      name: 'dead-letters',
      workerData: { file, limits },
    })
    const [report] = (await once(worker, 'message').catch(notStarted)) as [Opening]
    if (report.kind === 'opened') return new LetterThread(worker, report.totals)
    await worker.terminate()
    throw new GatewayError('SG_DEAD_LETTERS_FAILED', report.message, { retryable: false })
  }

  /** As of the last commit. */
  get totals(): Totals {
    return this.#totals
  }

  /** Resolves when the call is done and on the disk; rejects when its commit failed. */
  run<C extends Call>(make: () => C): Promise<Result<C>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ make, resolve, reject })
      this.#schedule()
    })
  }

  /** Does what was asked for, then closes the file. Calling it twice gives the same promise. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    // One after another: when this is done, all before it is.
    await this.run(() => ['ids', { ids: [] }]).catch(() => undefined)
    if (this.#ended !== undefined) return
    this.#ended = new Error('their store is closed')
    this.#worker.ref()
    const exit = once(this.#worker, 'exit')
    this.#post('close')
    await exit
  }

  // All that this turn of the event loop still asks for goes along.
  #schedule(): void {
    if (this.#scheduled || this.#open.length > 0) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#send()
    })
  }

  #send(): void {
    const calls: Call[] = []
    const open: Waiting[] = []
    let bytes = 0
    let taken = 0
    while (taken < this.#waiting.length && taken < CALLS_PER_COMMIT && bytes < BODY_BYTES_PER_COMMIT) {
      const waiting = this.#waiting[taken++]!
      try {
        const call = waiting.make()
        if (call[0] === 'add') bytes += call[1].body.length
        calls.push(call)
        open.push(waiting)
      } catch (error) {
        waiting.reject(error)
      }
    }
    this.#waiting.splice(0, taken)
    if (calls.length === 0) return
    this.#open = open
    this.#worker.ref()
    const bodies = new ArrayBuffer(bytes)
    this.#post(packed(calls, bodies), [bodies])
  }

  #post(order: Order, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(order, transfer)
  }

  #settle(report: Report): void {
    const settled = this.#open
    this.#open = []
    this.#worker.unref()
    this.#totals = report.totals
    if (report.kind === 'done')
      for (const [i, { resolve }] of settled.entries()) resolve(report.results[i] as never)
    else for (const { reject } of settled) reject(new Error(report.reason))
    if (this.#waiting.length > 0) this.#schedule()
  }

  #end(error: unknown): void {
    this.#ended ??= error
    for (const { reject } of [...this.#open, ...this.#waiting.splice(0)]) reject(this.#ended)
    this.#open = []
  }
}

function notStarted(cause: unknown): never {
  const message = `the thread of the dead letter store did not start: ${reasonOf(cause)}`
  throw new GatewayError('SG_DEAD_LETTERS_FAILED', message, { cause })
}

/** The calls with their bodies side by side in memory that is handed over: a view into a pool would copy all of the pool. */
function packed(calls: readonly Call[], bodies: ArrayBuffer): readonly Call[] {
  let at = 0
  return calls.map((call) => {
    if (call[0] !== 'add') return call
    const row = call[1]
    const body = new Uint8Array(bodies, at, row.body.length)
    body.set(row.body)
    at += body.length
    return ['add', { ...row, body }]
  })
}
