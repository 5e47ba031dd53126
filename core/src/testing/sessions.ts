import type {
  Batch,
  InputSession,
  Intake,
  OutputSession,
  TransportSession,
  WriteResult,
} from '@smart-gateway/sdk'
import { idsOf, SERIES } from './records.ts'

/** A transport that hands in what the test gives it, through the newest subscription of each input. */
export interface Hand {
  readonly open: () => TransportSession
  /** Subscriptions by input: made, started and stopped. */
  readonly log: string[]
  readonly intakes: Map<string, Intake>
  /** Hands in numbers as one message; the promise is its fate. */
  deliver(input: string, ...numbers: readonly number[]): Promise<void>
}

export function makeHand(): Hand {
  const log: string[] = []
  const intakes = new Map<string, Intake>()
  return {
    log,
    intakes,
    open: () => ({
      subscribe(_, intake, { input }) {
        log.push(`subscribe ${input}`)
        return {
          start() {
            log.push(`start ${input}`)
            intakes.set(input, intake)
          },
          async stop() {
            log.push(`stop ${input}`)
            if (intakes.get(input) === intake) intakes.delete(input)
          },
        }
      },
    }),
    deliver: (input, ...numbers) =>
      intakes.get(input)!.deliver({ body: Buffer.from(JSON.stringify(numbers)) }),
  }
}

/** An input that yields a sample for each number, plus what it adds to it. */
export function decoder(add = 0): () => InputSession {
  return () => ({
    decode({ body }, out) {
      for (const number of JSON.parse(body.toString()) as number[]) out.sample(SERIES, number + add, 0)
    },
  })
}

/** An output that keeps what it is given. */
export interface Shelf {
  readonly open: () => OutputSession
  readonly ids: (number | string)[]
}

export function makeShelf(write: (batch: Batch) => Promise<void> = async () => {}): Shelf {
  const ids: (number | string)[] = []
  return {
    ids,
    open: () => ({
      async write(batch) {
        await write(batch)
        ids.push(...idsOf(batch))
      },
    }),
  }
}

type Ids = readonly (number | string)[]

/** A session whose writes do what the list says, one after the other, and succeed beyond it. */
export function scripted(
  steps: readonly ((ids: Ids) => unknown)[],
): OutputSession & { readonly writes: Ids[] } {
  const writes: Ids[] = []
  return {
    writes,
    async write(batch) {
      const ids = idsOf(batch)
      writes.push(ids)
      return (await steps[writes.length - 1]?.(ids)) as WriteResult
    },
  }
}
