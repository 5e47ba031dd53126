import type { MessagePort, Transferable, Worker } from 'node:worker_threads'
import { fromCloneable, toCloneable } from './fault.ts'
import type { Fault } from './fault.ts'

/** What is asked at one end and answered at the other, by its verb. */
export type Handlers = Readonly<Record<string, (payload: never) => unknown>>

type Note =
  | { readonly kind: 'ask'; readonly id: number; readonly verb: string; readonly payload: unknown }
  | { readonly kind: 'tell'; readonly verb: string; readonly payload: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'fault'; readonly id: number; readonly fault: Fault }

/** An answer whose buffers move to the other end instead of being copied. */
export class Moved {
  readonly value: unknown
  readonly buffers: readonly Transferable[]

  constructor(value: unknown, buffers: readonly Transferable[]) {
    this.value = value
    this.buffers = buffers
  }
}

/** So many questions may be open at once. Whoever asks without waiting for answers is told so, and buries nobody. */
const MAX_OPEN = 10_000

/** Questions and answers over a port between the host and the thread of a plugin. Both ends are alike. */
export class Channel {
  readonly #port: MessagePort | Worker
  readonly #handlers: Handlers
  readonly #onFault: (error: unknown) => void
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>()
  #count = 0
  #ended: Error | undefined

  /** `onFault` is told what was thrown over something that the other end told, and that nobody waits for. */
  constructor(port: MessagePort | Worker, handlers: Handlers, onFault: (error: unknown) => void) {
    this.#port = port
    this.#handlers = handlers
    this.#onFault = onFault
    // The port is the plugin's, too: what is no note was not meant for this end.
    port.on('message', (message: unknown) => isNote(message) && this.#receive(message))
  }

  /** Asks the other end; rejects with what it throws, or with why the channel ended. What cannot be cloned is a DataCloneError. */
  ask<T>(verb: string, payload: unknown, buffers: readonly Transferable[] = []): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    if (this.#asked.size >= MAX_OPEN)
      return Promise.reject(new Error(`${MAX_OPEN} calls are not answered yet: wait for them`))
    const id = ++this.#count
    const asked = Promise.withResolvers<unknown>()
    this.#asked.set(id, asked)
    try {
      this.#post({ kind: 'ask', id, verb, payload }, buffers)
    } catch (error) {
      this.#asked.delete(id)
      asked.reject(error)
    }
    return asked.promise as Promise<T>
  }

  /** Tells the other end, which does not answer. */
  tell(verb: string, payload: unknown): void {
    if (this.#ended === undefined) this.#post({ kind: 'tell', verb, payload }, [])
  }

  /** Nothing comes any more: everything that was asked is answered with the reason. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    for (const { reject } of this.#asked.values()) reject(reason)
    this.#asked.clear()
  }

  #receive(note: Note): void {
    if (note.kind === 'answer') this.#take(note.id)?.resolve(note.value)
    else if (note.kind === 'fault') this.#take(note.id)?.reject(fromCloneable(note.fault))
    else if (note.kind === 'tell') this.#hear(note)
    else void this.#do(note)
  }

  #take(id: number): PromiseWithResolvers<unknown> | undefined {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    return asked
  }

  #hear({ verb, payload }: Note & { readonly kind: 'tell' }): void {
    try {
      this.#handlerOf(verb)?.(payload)
    } catch (error) {
      this.#onFault(error)
    }
  }

  async #do({ id, verb, payload }: Note & { readonly kind: 'ask' }): Promise<void> {
    const handle = this.#handlerOf(verb)
    try {
      if (handle === undefined) throw new Error(`nobody here knows ${verb}`)
      const made = await handle(payload)
      if (made instanceof Moved) this.#post({ kind: 'answer', id, value: made.value }, made.buffers)
      else this.#post({ kind: 'answer', id, value: made }, [])
    } catch (error) {
      this.#post({ kind: 'fault', id, fault: toCloneable(error) }, [])
    }
  }

  #handlerOf(verb: string): ((payload: unknown) => unknown) | undefined {
    return this.#handlers[verb] as ((payload: unknown) => unknown) | undefined
  }

  #post(note: Note, buffers: readonly Transferable[]): void {
    if (this.#ended === undefined) this.#port.postMessage(note, [...buffers])
  }
}

const KINDS: ReadonlySet<unknown> = new Set<Note['kind']>(['ask', 'tell', 'answer', 'fault'])

function isNote(message: unknown): message is Note {
  return typeof message === 'object' && message !== null && 'kind' in message && KINDS.has(message.kind)
}
