import type { Logger } from 'pino'
import type { Batch, OutputDefinition, OutputSession } from '@smart-gateway/sdk'
import { sleep } from '../backoff.ts'
import { within } from '../deadline.ts'
import { GatewayError } from '../errors.ts'
import { Tape } from '../pipeline/tape.ts'
import type { Writer } from '../pipeline/writer.ts'
import { OPEN_TIMEOUT_MS } from './generation.ts'
import type { Generation } from './generation.ts'

type Live = Generation<OutputDefinition, OutputSession>

/** How long an open write is waited for. */
const GRACE_MS = 5000
/** What the old session may write ahead of the new one. */
const TAPE_BYTES = 16 * 1024 * 1024

/**
 * The way from one session of an output to the next. Where the new one can follow, the old one gives its state between two writes and
 * writes on; the new one takes the state and follows what is written since, until it has caught up and is put in the old one's
 * place. Where it cannot, its queue is held while the state is handed over. Until the very end the old one has not been touched.
 *
 *     old:  write write export write write write write |
 *     new:                restore   follow follow ...  | write write
 */
export class Succession {
  readonly next: Live
  readonly #before: OutputSession | undefined
  readonly #writer: Writer
  readonly #log: Logger
  #tape: Tape | undefined
  readonly #over = new AbortController()
  /** Why the new session does not follow any more. */
  #failure: unknown

  constructor(next: Live, before: Live | undefined, writer: Writer, log: Logger) {
    this.next = next
    this.#before = before?.session
    this.#writer = writer
    this.#log = log
  }

  /** Whether it is the way from this generation to that one. */
  leads(before: Live | undefined, next: Live): boolean {
    return this.#before === before?.session && this.next === next
  }

  /** Hands the state over while the old session writes, and lets the new one follow until `complete` or until the signal aborts. */
  async prepare(signal: AbortSignal): Promise<void> {
    const { session } = this.next
    if (!this.#hasState || session.follow === undefined) return
    const tape = new Tape(TAPE_BYTES, (bytes) => {
      const mebibytes = Math.ceil(bytes / 1024 / 1024)
      this.#log.warn(`its queue is held: its next generation has ${mebibytes} MiB to catch up with`)
    })
    const asked = await this.#ask(tape, signal)
    // A write that hangs is given up only when it has to be.
    if (asked === undefined) return
    const fail = (error: unknown): void => {
      this.#failure ??= error
      this.#end(tape)
    }
    const given = new GatewayError('SG_STOPPING', 'the hand-over was given up: nobody wants it any more')
    signal.addEventListener('abort', () => fail(given), { signal: this.#over.signal })
    try {
      const state = await within(() => asked.state, { what: 'exportState', ms: OPEN_TIMEOUT_MS, signal })
      if (state === undefined) return this.#end(tape)
      await this.#restore(state, signal)
    } catch (error) {
      fail(error)
      throw error
    }
    this.#tape = tape
    tape.play((batch) => this.#follow(batch, signal)).catch(fail)
    await this.#caughtUp(tape, signal)
  }

  /** Puts the new session in the old one's place, between two writes. A write that outlasts the grace is written again. */
  async complete(signal: AbortSignal): Promise<void> {
    await this.#writer.hold(GRACE_MS, signal)
    try {
      if (this.#tape === undefined) await this.#handOver(signal)
      else await this.#caughtUp(this.#tape, signal)
    } catch (error) {
      this.#end(this.#tape)
      this.#writer.release()
      throw error
    }
    this.#end(this.#tape)
    this.#writer.replace(this.next.session)
  }

  get #hasState(): boolean {
    return this.#before?.exportState !== undefined && this.next.session.restore !== undefined
  }

  /** Asks the old session for its state between two writes; what it writes from then on is on the tape. */
  async #ask(tape: Tape, signal: AbortSignal): Promise<{ readonly state: unknown } | undefined> {
    const waiting = new AbortController()
    let asked: { readonly state: unknown } | undefined
    this.#writer.between(() => {
      if (waiting.signal.aborted) return
      this.#writer.record(tape)
      asked = { state: (async () => this.#before?.exportState?.())() }
      waiting.abort()
    })
    await sleep(GRACE_MS, AbortSignal.any([waiting.signal, signal]))
    waiting.abort()
    return asked
  }

  async #handOver(signal: AbortSignal): Promise<void> {
    const deadline = { ms: OPEN_TIMEOUT_MS, signal }
    const state = await within(() => (this.#hasState ? this.#before?.exportState?.() : undefined), {
      what: 'exportState',
      ...deadline,
    })
    await this.#restore(state, signal)
  }

  async #restore(state: unknown, signal: AbortSignal): Promise<void> {
    if (state === undefined) return
    await within(() => this.next.session.restore?.(state), { what: 'restore', ms: OPEN_TIMEOUT_MS, signal })
  }

  async #follow(batch: Batch, signal: AbortSignal): Promise<void> {
    const { session, definition } = this.next
    if (!definition.signals.includes(batch.signal)) return
    await within(() => session.follow?.(batch), { what: 'follow', ms: OPEN_TIMEOUT_MS, signal })
  }

  async #caughtUp(tape: Tape, signal: AbortSignal): Promise<void> {
    await within(() => tape.empty(), { what: 'follow', ms: OPEN_TIMEOUT_MS, signal })
    if (this.#failure !== undefined) throw this.#failure
  }

  #end(tape: Tape | undefined): void {
    if (tape === undefined || this.#over.signal.aborted) return
    this.#over.abort()
    this.#writer.record(undefined)
    tape.end()
  }
}
