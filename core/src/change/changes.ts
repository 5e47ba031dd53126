import type { Logger } from 'pino'
import { GatewayError, reasonOf } from '../errors.ts'
import { Change } from './change.ts'
import type { Trigger } from './change.ts'

/** What a change does once its turn has come. */
export type Work = (change: Change, signal: AbortSignal) => Promise<void>

/** So many may wait for their turn that a person or a program asked for. */
const MOST_WAITING = 100
/** So many can be asked for when they are over. */
const REMEMBERED = 100

/** The changes of a gateway, one at a time: those that are asked for meanwhile wait for their turn, none is swallowed. */
export class Changes {
  readonly #log: Logger
  readonly #closing = new AbortController()
  readonly #all: Change[] = []
  readonly #onDone: ((change: Change) => void)[] = []
  #last: Promise<void> = Promise.resolve()
  #count = 0

  constructor(log: Logger) {
    this.#log = log
  }

  /** Those that wait, that are under way and that are over, the newest first. */
  list(): readonly Change[] {
    return this.#all.toReversed()
  }

  /** True when none waits or is under way. */
  get isIdle(): boolean {
    return this.#all.every(({ state }) => state === 'done')
  }

  get(id: string): Change | undefined {
    return this.#all.find((change) => change.id === id)
  }

  /** Puts a change at the end of the queue. Its `done` never rejects: what went wrong is in its outcome. Throws SG_STOPPING or SG_TOO_MANY_CHANGES. */
  add(trigger: Trigger, what: string, work: Work): Change {
    if (this.#closing.signal.aborted)
      throw new GatewayError('SG_STOPPING', 'the gateway is stopping and changes nothing any more')
    const waiting = this.#all.filter((one) => one.trigger === 'api' && one.state === 'queued').length
    if (trigger === 'api' && waiting >= MOST_WAITING)
      throw new GatewayError('SG_TOO_MANY_CHANGES', `${MOST_WAITING} changes wait for their turn already`)
    const change = new Change(String(++this.#count), trigger, what)
    this.#all.push(change)
    this.#forget()
    change.done = this.#last.then(() => this.#run(change, work))
    this.#last = change.done
    return change
  }

  /** Calls back with every change that is over. */
  onDone(callback: (change: Change) => void): void {
    this.#onDone.push(callback)
  }

  /** Gives up the change under way and those that wait; resolves when none is under way any more. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#last
  }

  async #run(change: Change, work: Work): Promise<void> {
    const { signal } = this.#closing
    change.enter('planning')
    try {
      if (signal.aborted) throw new GatewayError('SG_STOPPING', 'the gateway is stopping')
      await work(change, signal)
    } catch (error) {
      change.problems.push(reasonOf(error))
    }
    change.enter('done')
    for (const callback of this.#onDone) callback(change)
    this.#tell(change)
  }

  #tell(change: Change): void {
    const { id, trigger, what, outcome, problems, settings, steps } = change.view()
    const told = steps
      .filter(({ does }) => does !== 'kept')
      .map(({ name, does, why, result, note }) => {
        const end =
          result === 'failed' && does !== 'refused' ? `failed (${note ?? 'no reason is known'})` : does
        return `${name} ${end}: ${why}`
      })
    const fields = { change: id, trigger, outcome }
    const message = `change ${id} (${what}) ${WORDS[outcome ?? 'refused']}${[...problems, ...settings, ...told].map((line) => `; ${line}`).join('')}`
    if (outcome === 'succeeded' || outcome === 'unchanged') this.#log.info(fields, message)
    else this.#log.error({ ...fields, code: 'SG_CHANGE_REFUSED' }, message)
  }

  #forget(): void {
    while (this.#all.length > REMEMBERED && this.#all[0]!.state === 'done') this.#all.shift()
  }
}

const WORDS = {
  succeeded: 'is done',
  partly: 'is done in part',
  refused: 'was refused',
  unchanged: 'had nothing to do',
} as const
