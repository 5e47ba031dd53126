import type { Intake, Message } from '@smart-gateway/sdk'
import { until } from '../time.ts'

/** A message that a transport handed in, and the way to give it its fate. */
export interface Delivered {
  readonly text: string
  readonly message: Message
  accept(): void
  giveBack(error: Error): void
}

/** An intake that keeps what it is given, in order, and settles as it is told. */
export class KeepingIntake implements Intake {
  readonly delivered: Delivered[] = []
  readonly failures: Error[] = []
  /** What happens to a message at once; it waits when it is undefined. */
  onDeliver: ((delivered: Delivered) => void) | undefined
  #full = false
  #room = Promise.withResolvers<void>()

  get full(): boolean {
    return this.#full
  }

  set full(full: boolean) {
    this.#full = full
    if (full) return
    this.#room.resolve()
    this.#room = Promise.withResolvers()
  }

  deliver(message: Message): Promise<void> {
    const fate = Promise.withResolvers<void>()
    const delivered = {
      text: message.body.toString(),
      message,
      accept: () => fate.resolve(),
      giveBack: (error: Error) => fate.reject(error),
    }
    this.delivered.push(delivered)
    this.onDeliver?.(delivered)
    return fate.promise
  }

  room(): Promise<void> {
    return this.#full ? this.#room.promise : Promise.resolve()
  }

  fail(error: Error): void {
    this.failures.push(error)
  }

  /** Those that were delivered and hold the text. */
  with(text: string): readonly Delivered[] {
    return this.delivered.filter((one) => one.text.includes(text))
  }

  /** Waits until so many messages have come. */
  async has(count: number, ms?: number): Promise<boolean> {
    return await until(() => this.delivered.length >= count, ms)
  }
}
