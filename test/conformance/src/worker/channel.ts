import type { MessagePort, Worker } from 'node:worker_threads'
import { fromFault, toFault } from './fault.ts'
import type { Fault } from './fault.ts'

/** What is asked or told at one end and done at the other, by its verb. */
export type Handlers = Readonly<Record<string, (payload: never) => unknown>>

type Note =
  | { readonly kind: 'ask'; readonly id: number; readonly verb: string; readonly payload: unknown }
  | { readonly kind: 'tell'; readonly verb: string; readonly payload: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'fault'; readonly id: number; readonly fault: Fault }

/** Questions and answers between the host and the thread of a plugin. Both ends are alike. */
export class Channel {
  readonly #port: MessagePort | Worker
  readonly #handlers: Handlers
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>()
  #count = 0
  #ended: Error | undefined

  constructor(port: MessagePort | Worker, handlers: Handlers) {
    this.#port = port
    this.#handlers = handlers
    port.on('message', (note: Note) => this.#receive(note))
  }

  /** Asks the other end; rejects with what it throws, with why the channel ended, or when the payload cannot be cloned. */
  async ask<T>(verb: string, payload?: unknown): Promise<T> {
    if (this.#ended !== undefined) throw this.#ended
    const id = ++this.#count
    this.#post({ kind: 'ask', id, verb, payload })
    const asked = Promise.withResolvers<unknown>()
    this.#asked.set(id, asked)
    return (await asked.promise) as T
  }

  /** Tells the other end, which does not answer. */
  tell(verb: string, payload?: unknown): void {
    if (this.#ended === undefined) this.#post({ kind: 'tell', verb, payload })
  }

  /** Nothing comes any more: everything that was asked is answered with the reason. */
  end(reason: Error): void {
    this.#ended ??= reason
    for (const { reject } of this.#asked.values()) reject(reason)
    this.#asked.clear()
  }

  #receive(note: Note): void {
    if (note.kind === 'ask') return void this.#answer(note.id, note.verb, note.payload)
    if (note.kind === 'tell') return void this.#do(note.verb, note.payload)
    const asked = this.#asked.get(note.id)
    this.#asked.delete(note.id)
    if (note.kind === 'answer') asked?.resolve(note.value)
    else asked?.reject(fromFault(note.fault))
  }

  async #answer(id: number, verb: string, payload: unknown): Promise<void> {
    try {
      this.#post({ kind: 'answer', id, value: await this.#do(verb, payload) })
    } catch (error) {
      this.#post({ kind: 'fault', id, fault: toFault(error) })
    }
  }

  #do(verb: string, payload: unknown): unknown {
    return (this.#handlers[verb] as (payload: unknown) => unknown)(payload)
  }

  #post(note: Note): void {
    if (this.#ended === undefined) this.#port.postMessage(note, [])
  }
}
