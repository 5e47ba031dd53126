import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { connect } from 'amqplib'

/** What publishes messages at a steady pace, numbered from 0, each with the time of its publishing. */
export interface Generator {
  /** Publishes no more; resolves when all are confirmed, with how many that are. */
  stop(): Promise<number>
}

/** What the thread of a generator is given. */
export interface GeneratorData {
  readonly url: string
  readonly queue: string
  readonly perSecond: number
}

/** What it tells: that it begins, and in the end how many messages the broker has confirmed. */
export type GeneratorNote = 'started' | { readonly confirmed: number }

/** Makes queues that live as long as the broker. */
export async function declare(url: string, ...queues: readonly string[]): Promise<void> {
  const model = await connect(url)
  const channel = await model.createChannel()
  for (const queue of queues) await channel.assertQueue(queue, { durable: false })
  await model.close()
}

/**
 * Starts to publish to a queue, in a thread of its own: a publisher that is late counts as a gateway that is slow. A lost connection or a
 * message that is not taken ends the run.
 */
export async function startGenerator(url: string, queue: string, perSecond: number): Promise<Generator> {
  const workerData: GeneratorData = { url, queue, perSecond }
  const worker = new Worker(new URL('./generator-thread.ts', import.meta.url), { workerData })
  const ended = new Promise<number>((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (note: GeneratorNote) => note !== 'started' && resolve(note.confirmed))
    worker.on('exit', () => reject(new Error('the generator has ended')))
  })
  // It is awaited in the end only.
  ended.catch(() => undefined)
  await Promise.race([once(worker, 'message'), ended])
  return {
    stop() {
      worker.postMessage('stop', [])
      return ended
    },
  }
}
