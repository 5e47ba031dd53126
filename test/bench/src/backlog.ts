import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { createGateway } from '@smart-gateway/core'
import { offer } from '../burst/index.ts'
import { pace } from '../sleepy/index.ts'
import type { Figure } from './figure.ts'
import { logMessages } from './messages.ts'

const MIB = 2 ** 20
const QUEUE_MIB = 32
const READINGS = 10

/** Memory while an output is down for as long as it takes to offer ten times what its queue holds. */
export async function backlogFigures(): Promise<readonly Figure[]> {
  const blocked = await backlogOf('block')
  const dropping = await backlogOf('dropOldest')
  return [
    blocked.heap,
    {
      name: 'resident memory then',
      value: blocked.rssMiB,
      unit: 'MiB',
      target: { atMost: 3 * QUEUE_MIB + 150 },
      detail: 'this benchmark included',
    },
    dropping.heap,
  ]
}

async function backlogOf(
  whenFull: 'block' | 'dropOldest',
): Promise<{ readonly heap: Figure; readonly rssMiB: number }> {
  const required = whenFull === 'block'
  const capture = logMessages()
  pace.ms = 3_600_000
  const gateway = createGateway(
    {
      gateway: { state: join(tmpdir(), 'bench-state'), admin: { port: 0 }, logLevel: 'error', drain: '0s' },
      transports: { burst: { plugin: './burst' } },
      inputs: { logs: { plugin: 'logs', from: { transport: 'burst' } } },
      outputs: {
        sleepy: {
          plugin: './sleepy',
          isolation: 'inline',
          required,
          queue: { max: `${QUEUE_MIB}MiB`, whenFull },
        },
      },
    },
    { folder: join(import.meta.dirname, '..') },
  )
  await gateway.start()
  const { queue } = gateway.registry.outputs[0]!
  const beforeMiB = (await heapBytes()) / MIB
  let offered = 0
  let taken = 0
  const heapMiB: number[] = []
  const target = 10 * QUEUE_MIB * MIB
  while (offered < target) {
    for (let i = 0; i < 200; i++) {
      // A message as a transport makes it: bytes of its own.
      const body = Buffer.from(capture[i % capture.length]!.body)
      offered += body.length
      if (offer({ body }, 'logs')) taken++
    }
    await turn()
    const isFull = queue.bytes >= QUEUE_MIB * MIB || queue.ledger.total.dropped > 0
    if (!isFull || offered < (target / READINGS) * heapMiB.length) continue
    heapMiB.push((await heapBytes()) / MIB - beforeMiB)
  }
  if (heapMiB.length < 2) throw new Error('the queue was not full for long enough to measure anything')
  const rssMiB = process.memoryUsage().rss / MIB
  const slope = (heapMiB.at(-1)! - heapMiB[0]!) / heapMiB.length
  await gateway.stop()
  const heap = {
    name: `heap growth while ten times a full queue of ${QUEUE_MIB} MiB is offered (${whenFull})`,
    value: slope,
    unit: 'MiB/reading',
    target: { atMost: 0.1 },
    detail: `heap above the start at ${heapMiB.length} readings once full: ${heapMiB.map((one) => one.toFixed(1)).join(', ')} MiB; ${taken} messages taken, ${Math.round(offered / MIB)} MiB offered, the queue's own account ${(queue.bytes / MIB).toFixed(1)} MiB`,
  }
  return { heap, rssMiB }
}

/** What is held: the memory of buffers that a collection frees is given back a moment later, by another thread. */
async function heapBytes(): Promise<number> {
  for (let i = 0; i < 2; i++) {
    globalThis.gc!()
    await delay(50)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
