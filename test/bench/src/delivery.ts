import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createGateway } from '@smart-gateway/core'
import { stream } from '../burst/index.ts'
import { median, spread } from './figure.ts'
import type { Figure } from './figure.ts'
import { collectdMessages } from './messages.ts'

const ROUNDS = 15
const MESSAGES = 20_000
/** What the amqp transport has under way by default, and how many messages of collectd's fill a read of its socket, 64 KiB. */
const PACE = { prefetch: 1000, chunk: 200 }

/** What a disk queue costs beside a memory queue, in turns in one process: rate, and the event loop's longest stall. */
export async function deliveryFigures(): Promise<readonly Figure[]> {
  const captured = collectdMessages()
  const messages = Array.from({ length: MESSAGES }, (_, i) => captured[i % captured.length]!)
  const output = { plugin: 'prometheus', options: { port: 0 } }
  const gateway = createGateway(
    {
      gateway: { state: join(tmpdir(), 'bench-state'), admin: { port: 0 }, logLevel: 'error' },
      transports: { burst: { plugin: './burst' } },
      inputs: {
        memory: { plugin: 'collectd', from: { transport: 'burst' } },
        disk: { plugin: 'collectd', from: { transport: 'burst' } },
      },
      outputs: {
        'to-memory': { ...output, from: ['memory'] },
        'to-disk': { ...output, from: ['disk'], queue: { type: 'disk', max: '1GiB' } },
      },
    },
    { folder: join(import.meta.dirname, '..') },
  )
  await gateway.start()
  const measure = async (input: string): Promise<{ rate: number; stallMs: number }> => {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const startedMs = performance.now()
    await stream(messages, PACE, input)
    const rate = MESSAGES / ((performance.now() - startedMs) / 1000)
    delay.disable()
    return { rate, stallMs: delay.max / 1e6 }
  }
  const memory: { rate: number; stallMs: number }[] = []
  const disk: { rate: number; stallMs: number }[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const [first, second] = [await measure('memory'), await measure('disk')]
    if (round === 0) continue
    memory.push(first)
    disk.push(second)
  }
  const lost = gateway.registry.inputs.reduce(
    (sum, { intake: { counts } }) => sum + counts.received - counts.settled,
    0,
  )
  const unaccounted = gateway.registry.outputs.reduce((sum, one) => sum + one.unaccounted, 0)
  await gateway.stop()
  const rates = (figures: typeof memory) => figures.map(({ rate }) => rate)
  const stalls = (figures: typeof memory) => figures.map(({ stallMs }) => stallMs)
  return [
    {
      name: 'disk queue with fsync, of the rate of a memory queue',
      value: median(disk.map(({ rate }, i) => (rate / memory[i]!.rate) * 100)),
      unit: '%',
      target: { atLeast: 70 },
      detail: `messages a second: memory ${spread(rates(memory))}, disk ${spread(rates(disk))}; without a fate ${lost}, unaccounted ${unaccounted}`,
    },
    {
      name: "what the disk queue adds to the event loop's longest stall",
      value: median(disk.map(({ stallMs }, i) => stallMs - memory[i]!.stallMs)),
      unit: 'ms',
      target: { atMost: 5 },
      detail: `longest stall of a round: memory ${spread(stalls(memory), 1)}, disk ${spread(stalls(disk), 1)} ms`,
    },
  ]
}
