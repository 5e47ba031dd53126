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

/** Memory while a required output is down for as long as it takes to offer ten times what its queue holds. */
export async function backlogFigures(): Promise<readonly Figure[]> {
  const capture = logMessages()
  pace.ms = 3_600_000
  const gateway = createGateway(
    {
      gateway: { state: join(tmpdir(), 'bench-state'), admin: { port: 0 }, logLevel: 'error', drain: '0s' },
      transports: { burst: { plugin: './burst' } },
      inputs: { logs: { plugin: 'logs', from: { transport: 'burst' } } },
      outputs: { sleepy: { plugin: './sleepy', queue: { max: `${QUEUE_MIB}MiB` } } },
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
    if (queue.bytes < QUEUE_MIB * MIB || offered < (target / READINGS) * heapMiB.length) continue
    heapMiB.push((await heapBytes()) / MIB - beforeMiB)
  }
  const rssMiB = process.memoryUsage().rss / MIB
  const slope = (heapMiB.at(-1)! - heapMiB[0]!) / heapMiB.length
  await gateway.stop()
  return [
    {
      name: `heap growth while ten times a full queue of ${QUEUE_MIB} MiB is offered`,
      value: slope,
      unit: 'MiB/reading',
      target: { atMost: 0.1 },
      detail: `heap above the start at ${heapMiB.length} readings once full: ${heapMiB.map((one) => one.toFixed(1)).join(', ')} MiB; ${taken} messages taken, ${Math.round(offered / MIB)} MiB offered, the queue's own account ${(queue.bytes / MIB).toFixed(1)} MiB`,
    },
    {
      name: 'resident memory then',
      value: rssMiB,
      unit: 'MiB',
      target: { atMost: 3 * QUEUE_MIB + 150 },
      detail: 'from TypeScript sources, this benchmark included',
    },
  ]
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
