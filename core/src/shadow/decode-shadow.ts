import type { Batch, Message } from '@smart-gateway/sdk'
import { differences } from '../change/differences.ts'
import { within } from '../deadline.ts'
import { reasonOf } from '../errors.ts'
import type { DecodeMany } from '../pipeline/away.ts'
import type { Decoded } from '../pipeline/decoded.ts'
import { recordAt } from '../pipeline/batches.ts'
import { OPEN_TIMEOUT_MS } from '../registry/generation.ts'
import type { ShadowReport } from './report.ts'
import { Tally } from './tally.ts'

/** What waits to be decoded once more; beyond that it is left out, so that a slow shadow holds nobody up. */
const MAX_WAITING = 10_000

/** Decodes once more what an input has decoded, and compares. Nothing of it goes anywhere. */
export class DecodeShadow {
  readonly #decodeMany: DecodeMany
  readonly #tally = new Tally('messages')
  readonly #signal: AbortSignal
  #waiting = 0
  #work: Promise<void> = Promise.resolve()

  /** The signal ends what it still waits for. */
  constructor(decodeMany: DecodeMany, signal: AbortSignal) {
    this.#decodeMany = decodeMany
    this.#signal = signal
  }

  /** Takes messages with what the generation that works made of them. */
  take(messages: readonly Message[], decoded: Decoded): void {
    if (this.#waiting + messages.length > MAX_WAITING) {
      this.#tally.leftOut += messages.length
      return
    }
    this.#waiting += messages.length
    this.#work = this.#work.then(() => this.#compare(messages, decoded))
  }

  /** What came of it, when all that was taken is decoded. */
  async report(spanMs: number): Promise<ShadowReport> {
    await this.#work
    return this.#tally.report(spanMs)
  }

  async #compare(messages: readonly Message[], before: Decoded): Promise<void> {
    const tally = this.#tally
    this.#waiting -= messages.length
    tally.tried += messages.length
    try {
      const after = await within(() => this.#decodeMany(messages), {
        what: 'decode',
        ms: OPEN_TIMEOUT_MS,
        signal: this.#signal,
      })
      for (const [i, message] of messages.entries()) {
        const difference = differenceOf(outcomeOf(before, i), outcomeOf(after, i))
        if (difference !== undefined)
          tally.differs(`a message from ${message.address ?? 'its source'} ${difference}`)
      }
    } catch (error) {
      tally.differs(`it could not decode ${messages.length} messages: ${reasonOf(error)}`, messages.length)
    }
  }
}

/** What one message came to, as plain values. */
interface Outcome {
  readonly failure: string | undefined
  readonly left: number
  readonly records: readonly object[]
}

function outcomeOf({ batches, ends, failures, notes }: Decoded, i: number): Outcome {
  const records = batches.flatMap((batch) => [...recordsOf(batch, ends[batch.signal], i)])
  const { rejected = 0, skips = 0 } = notes.get(i) ?? {}
  return { failure: failures.get(i)?.message, left: rejected + skips, records }
}

function* recordsOf(batch: Batch, ends: Uint32Array, i: number): Generator<object> {
  for (let at = i === 0 ? 0 : ends[i - 1]!; at < ends[i]!; at++) yield recordAt(batch, at)
}

/** In what the second outcome differs, in words; undefined where it does not. */
function differenceOf(before: Outcome, after: Outcome): string | undefined {
  if (before.failure === undefined && after.failure !== undefined) return `was refused: ${after.failure}`
  if (before.failure !== undefined)
    return after.failure === undefined ? `was taken, which had been refused: ${before.failure}` : undefined
  const [was, is] = [before.records.length, after.records.length]
  if (was !== is) return `gave ${is} records, which had given ${was}`
  if (before.left !== after.left) return `had ${after.left} elements left out, which had ${before.left}`
  for (const [i, record] of before.records.entries()) {
    const [path] = differences(record, after.records[i])
    if (path !== undefined) return `gave another ${path.replace(/^record\./, '')}`
  }
  return undefined
}
