import type { Message, RecordSink } from '@smart-gateway/sdk'
import { sliceBatch } from '../pipeline/batches.ts'
import { Intake } from '../pipeline/intake.ts'
import type { Decode } from '../pipeline/intake.ts'
import type { Edge } from '../pipeline/route.ts'
import { Queue } from '../pipeline/queue.ts'
import { idsOf, SERIES } from './records.ts'

/** An intake, and what it told of messages that did not decode. */
export function bench(decode?: Decode) {
  const told: string[] = []
  const intake = new Intake('input', {
    refused: (_, { message }) => void told.push(`refused: ${message}`),
    rejected: (_, elements, reason) => void told.push(`rejected ${elements}: ${reason}`),
  })
  intake.setDecoder(decode)
  return { intake, told }
}

export interface QueueEdge extends Edge {
  readonly queue: Queue
}

export function edge(output: string, required = true, maxBytes = 2 ** 30): QueueEdge {
  return { output, required, queue: new Queue({ maxBytes, whenFull: required ? 'block' : 'dropOldest' }) }
}

export function routeAll(...edges: readonly Edge[]) {
  return { metric: edges, event: edges, log: edges }
}

/** A message that holds numbers as JSON. */
export function numbers(...values: readonly number[]): Message {
  return { body: Buffer.from(JSON.stringify(values)) }
}

/** Yields a sample for each number of the message; a negative one is an element that it refuses. */
export function decodeNumbers({ body }: Message, out: RecordSink): void {
  for (const value of JSON.parse(body.toString()) as number[]) {
    if (value < 0) out.reject(`${value} is negative`)
    else out.sample(SERIES, value, 0)
  }
}

/** Takes all that waits in a queue, as if it were written. */
export function write({ queue }: QueueEdge, error?: Error): readonly (number | string)[] {
  const parts = queue.take(100_000, 2 ** 30)
  queue.settle(parts, error)
  return parts.flatMap(({ chunk, from, to }) => idsOf(sliceBatch(chunk.batch, from, to)))
}

/** The fates of promises so far. */
export function fates(promises: readonly Promise<void>[]): string[] {
  const known = promises.map(() => 'none')
  for (const [i, promise] of promises.entries()) {
    promise.then(
      () => (known[i] = 'settled'),
      (error: Error) => (known[i] = error.message),
    )
  }
  return known
}
