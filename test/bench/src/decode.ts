import collectd from '@smart-gateway/input-collectd'
import { createGateway } from '@smart-gateway/core'
import { testContext } from '@smart-gateway/sdk/testing'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { send } from '../burst/index.ts'
import { cpuOf } from './cpu.ts'
import { median, spread } from './figure.ts'
import type { Figure } from './figure.ts'
import { collectdMessages } from './messages.ts'
import { openPage } from './page-output.ts'
import { BatchSink } from './sink.ts'

const ROUNDS = 41
const REPEAT = 40
const BATCH = 1000
const BURST = 200

/** Decode + map + store against JSON.parse alone, and the whole path against calling decode and store directly. */
export async function decodeFigures(): Promise<readonly Figure[]> {
  const messages = collectdMessages()
  const parse = (): void => {
    for (let i = 0; i < REPEAT; i++) for (const { body } of messages) JSON.parse(body.toString())
  }
  const direct = await directly()
  const gateway = await startGateway()
  const path = (): Promise<void> => repeat(() => send(messages, BURST))

  const parseNs: number[] = []
  const directNs: number[] = []
  const pathNs: number[] = []
  const each = messages.length * REPEAT
  for (let round = 0; round < ROUNDS; round++) {
    const measured = [
      await cpuOf(parse),
      await cpuOf(() => repeat(() => direct(messages))),
      await cpuOf(path),
    ]
    if (round === 0) continue
    parseNs.push(measured[0]! / each)
    directNs.push(measured[1]! / each)
    pathNs.push(measured[2]! / each)
  }
  const [input] = gateway.registry.inputs
  const lost = input!.intake.counts.received - input!.intake.counts.settled
  await gateway.stop()
  const ratio = directNs.map((ns, i) => (parseNs[i]! / ns) * 100)
  const wholeRatio = pathNs.map((ns, i) => (parseNs[i]! / ns) * 100)
  const overhead = pathNs.map((ns, i) => (ns - directNs[i]!) / 1000)
  return [
    {
      name: 'decode + map + store, of the rate of JSON.parse alone',
      value: median(ratio),
      unit: '%',
      target: { atLeast: 50 },
      detail: `CPU ns a message: JSON.parse ${spread(parseNs)}, decode + map + store ${spread(directNs)}`,
    },
    {
      name: 'whole path in memory minus decode and store called directly',
      value: median(overhead),
      unit: 'µs',
      target: { atMost: 0.4 },
      detail: `CPU ns a message: path ${spread(pathNs)}, that is ${median(wholeRatio).toFixed(0)} % of JSON.parse alone; lost ${lost} of ${input!.intake.counts.received}`,
    },
  ]
}

async function repeat(action: () => void | Promise<void>): Promise<void> {
  for (let i = 0; i < REPEAT; i++) await action()
}

/** What the plugins cost without any gateway between them. */
async function directly(): Promise<(messages: ReturnType<typeof collectdMessages>) => Promise<void>> {
  const input = await collectd.open(testContext({}))
  const { output } = await openPage()
  return async (messages) => {
    for (let from = 0; from < messages.length; from += BATCH) {
      const columns = new BatchSink()
      for (const message of messages.slice(from, from + BATCH)) input.decode!(message, columns)
      await output.write(columns.metrics())
    }
  }
}

async function startGateway() {
  const gateway = createGateway(
    {
      gateway: { state: join(tmpdir(), 'bench-state'), admin: { port: 0 }, logLevel: 'error' },
      transports: { burst: { plugin: './burst' } },
      inputs: { collectd: { plugin: 'collectd', from: { transport: 'burst' } } },
      outputs: { prometheus: { plugin: 'prometheus', options: { port: 0 } } },
    },
    { folder: join(import.meta.dirname, '..') },
  )
  await gateway.start()
  return gateway
}
