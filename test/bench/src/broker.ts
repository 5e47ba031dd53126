/** The road from a real RabbitMQ, against a bare amqplib consumer that only acknowledges. */
import { fork } from 'node:child_process'
import { connect } from 'amqplib'
import { installCommand, installed } from '../../e2e/src/peers/installed.ts'
import { startRabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import { RUN_FLAGS } from '../../e2e/src/run-flags.ts'
import { median, spread } from './figure.ts'
import type { Figure } from './figure.ts'
import { collectdMessages } from './messages.ts'

const MESSAGES = 200_000
const SMALL_MESSAGES = 100_000
/** Drained before the measuring starts: a daemon that runs for months is not measured by its compiler's first second. */
const WARM_UP = 50_000
const PAIRS = 9
const SMALL_PAIRS = 5
const QUEUE = 'bench'

/** What a consumer reports of draining a queue. */
export interface Drained {
  readonly settled: number
  /** From the end of the warm-up to the last settlement. */
  readonly ms: number
  readonly cpuMs: number
}

/** What a consumer is told to do. */
export interface Drain {
  readonly url: string
  readonly queue: string
  /** How many are measured, after `warmUp` others. */
  readonly messages: number
  readonly warmUp: number
  readonly prefetch: number
}

type Consumer = 'bare-consumer' | 'gateway-consumer'

export async function brokerFigures(): Promise<readonly Figure[]> {
  if (!installed('rabbitmq')) {
    console.error(`the broker's figures are left out. To have them: ${installCommand(['rabbitmq'])}`)
    return []
  }
  const broker = await startRabbitMq()
  try {
    const drain: DrainOnce = async (consumer, prefetch, messages) => {
      await fill(broker.url, WARM_UP + messages)
      const drained = await run(consumer, {
        url: broker.url,
        queue: QUEUE,
        messages,
        warmUp: WARM_UP,
        prefetch,
      })
      return { ...drained, unacknowledged: await left(broker.url) }
    }
    return [...(await againstBare(drain)), ...(await smallPrefetch(drain))]
  } finally {
    await broker.stop()
  }
}

/** What a message that was not acknowledged is back to, once its consumer is gone. */
type Measured = Drained & { readonly unacknowledged: number }

type DrainOnce = (consumer: Consumer, prefetch: number, messages: number) => Promise<Measured>

async function againstBare(drain: DrainOnce): Promise<readonly Figure[]> {
  const pairs: { bare: Measured; gateway: Measured }[] = []
  for (let i = 0; i <= PAIRS; i++) {
    const gatewayFirst = i % 2 === 0
    const first = await drain(gatewayFirst ? 'gateway-consumer' : 'bare-consumer', 1000, MESSAGES)
    const second = await drain(gatewayFirst ? 'bare-consumer' : 'gateway-consumer', 1000, MESSAGES)
    // The first pair warms the broker up.
    if (i > 0) pairs.push(gatewayFirst ? { gateway: first, bare: second } : { gateway: second, bare: first })
  }
  const ratios = pairs.map(({ bare, gateway }) => rate(gateway) / rate(bare))
  const lost = pairs.reduce((sum, { gateway }) => sum + gateway.unacknowledged, 0)
  const cpu = (which: 'bare' | 'gateway'): string =>
    spread(
      pairs.map((pair) => (pair[which].cpuMs * 1000) / MESSAGES),
      1,
    )
  const rates = (which: 'bare' | 'gateway'): string => spread(pairs.map((pair) => rate(pair[which])))
  return [
    {
      name: 'drained from RabbitMQ, of the rate of a bare amqplib consumer',
      value: median(ratios),
      unit: 'ratio',
      target: { atLeast: 0.95 },
      detail:
        `${PAIRS} alternated pairs of ${MESSAGES} messages after ${WARM_UP} to warm up, prefetch 1000: ratio ${spread(ratios, 2)}; gateway ${rates('gateway')}/s with ` +
        `${cpu('gateway')} µs of CPU a message, bare ${rates('bare')}/s with ${cpu('bare')} µs; left without acknowledgement ${lost}`,
    },
  ]
}

/** Batches can not fill: the prefetch is below a batch's size. */
async function smallPrefetch(drain: DrainOnce): Promise<readonly Figure[]> {
  const rounds: Record<100 | 500 | 1000, number>[] = []
  let lost = 0
  const rateOf = async (prefetch: number): Promise<number> => {
    const drained = await drain('gateway-consumer', prefetch, SMALL_MESSAGES)
    lost += drained.unacknowledged
    return rate(drained)
  }
  for (let i = 0; i < SMALL_PAIRS; i++)
    rounds.push({ 100: await rateOf(100), 1000: await rateOf(1000), 500: await rateOf(500) })
  return ([100, 500] as const).map((prefetch) => {
    const ratios = rounds.map((round) => round[prefetch] / round[1000])
    return {
      name: `prefetch ${prefetch}: batches never fill; of the rate with prefetch 1000`,
      value: median(ratios),
      unit: 'ratio',
      target: { atLeast: 0.8 },
      detail: `ratio ${spread(ratios, 2)}; ${spread(rounds.map((round) => round[prefetch]))}/s against ${spread(rounds.map((round) => round[1000]))}/s; left without acknowledgement ${lost}`,
    }
  })
}

async function fill(url: string, messages: number): Promise<void> {
  const bodies = collectdMessages().map(({ body }) => body)
  const connection = await connect(url)
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue(QUEUE, { durable: false })
  await channel.purgeQueue(QUEUE)
  for (let i = 0; i < messages; i++) {
    channel.sendToQueue(QUEUE, bodies[i % bodies.length]!, { contentType: 'application/json' })
    if (i % 1000 === 999) await channel.waitForConfirms()
  }
  await channel.waitForConfirms()
  await connection.close()
}

async function left(url: string): Promise<number> {
  const connection = await connect(url)
  const { messageCount } = await (await connection.createChannel()).checkQueue(QUEUE)
  await connection.close()
  return messageCount
}

function run(consumer: Consumer, order: Drain): Promise<Drained> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL(`./${consumer}.ts`, import.meta.url), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...process.execArgv, ...RUN_FLAGS],
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
    let drained: Drained | undefined
    child.on('message', (message) => (drained = message as Drained))
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (drained === undefined) reject(new Error(`${consumer} ended without a result (${code ?? signal})`))
      else resolve(drained)
    })
    child.send(order)
  })
}

function rate({ settled, ms }: Drained): number {
  return (settled / ms) * 1000
}
