/** What it costs a message to be decoded in a thread: its CPU there minus that through the same decoder inline. */
import { send } from '../burst/index.ts'
import { cpuOf } from './cpu.ts'
import { startDecoders } from './decoders.ts'
import { median, spread } from './figure.ts'
import type { Figure } from './figure.ts'
import { collectdMessages } from './messages.ts'

const ROUNDS = 15
const BATCHES = [1, 100, 1000] as const

export async function crossingFigures(): Promise<readonly Figure[]> {
  const messages = collectdMessages()
  const { gateway } = await startDecoders({ inline: 'inline', worker: 'worker' })
  const figures: Figure[] = []
  for (const batch of BATCHES) {
    const repeat = batch === 1 ? 1 : 10
    const cpuUs = async (input: string): Promise<number> => {
      const ns = await cpuOf(async () => {
        for (let i = 0; i < repeat; i++) await send(messages, batch, input)
      })
      return ns / 1000 / (messages.length * repeat)
    }
    const inline: number[] = []
    const worker: number[] = []
    for (let round = 0; round <= ROUNDS; round++) {
      const measured = [await cpuUs('inline'), await cpuUs('worker')] as const
      if (round === 0) continue
      inline.push(measured[0])
      worker.push(measured[1])
    }
    figures.push({
      name: `a message's crossing to a worker and back, ${batch} at once`,
      value: median(worker.map((us, i) => us - inline[i]!)),
      unit: 'µs',
      detail: `CPU µs a message of all threads: inline ${spread(inline, 2)}, worker ${spread(worker, 2)}`,
    })
  }
  const lost = gateway.registry.inputs.reduce(
    (sum, { intake: { counts } }) => sum + counts.received - counts.settled,
    0,
  )
  await gateway.stop()
  if (lost > 0) throw new Error(`${lost} messages were lost`)
  return figures
}
