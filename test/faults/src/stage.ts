import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import { startGateway } from '../../e2e/src/gateway-process.ts'
import { until } from '../../e2e/src/peers/until.ts'
import type { GatewayProcess } from '../../e2e/src/gateway-process.ts'
import type { RabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import { startBus } from './bus.ts'
import type { Bus } from './bus.ts'
import { startGenerator } from './generator.ts'
import type { Generator } from './generator.ts'
import { startSamples } from './samples.ts'
import type { Samples } from './samples.ts'
import type { OutputPlan, Scenario } from './scenario.ts'
import { startStore } from './store.ts'
import type { Store } from './store.ts'

/** One output with its store. */
export interface Place {
  readonly plan: OutputPlan
  readonly store: Store
}

/** All that plays in one scenario, from the generator to the stores. */
export interface Stage {
  readonly random: () => number
  /** Whether there is time for the long form. */
  readonly full: boolean
  readonly broker: RabbitMq
  readonly bus: Bus
  readonly places: readonly Place[]
  readonly generator: Generator
  readonly samples: Samples
  /** The one that runs now. */
  readonly gateway: GatewayProcess
  /** How often it was killed, and how often it was started anew for whatever reason. */
  readonly kills: number
  readonly restarts: number
  /** Ids that the broker was told are done before a store had them. */
  readonly tooEarly: ReadonlySet<number>
  storeOf(output: string): Store
  wait(ms: number): Promise<void>
  /** Kills the gateway and starts it again on the same folder. */
  kill(): Promise<void>
  /** Ends the gateway properly and starts it again on the same folder. */
  restart(): Promise<void>
  /** Ends everything; the gateway by force. */
  end(): Promise<void>
}

/** A broker that several stages use, one after the other, and the queue of the one that plays. */
export interface Setting {
  readonly broker: RabbitMq
  readonly random: () => number
  readonly full: boolean
}

const START_DEADLINE_MS = 30_000

let stages = 0

export async function setStage(scenario: Scenario, { broker, random, full }: Setting): Promise<Stage> {
  const queue = `faults-${process.pid}-${++stages}`
  await declare(broker.url, queue)
  const places: Place[] = await Promise.all(
    scenario.outputs
      .filter(({ wavers = false }) => full || !wavers)
      .map(async (plan) => ({ plan, store: await startStore(plan.store) })),
  )
  const waitedFor = places.filter(({ plan }) => plan.guard === 'required')
  const tooEarly = new Set<number>()
  const bus = await startBus(broker.port, (id) => {
    if (waitedFor.some(({ store }) => !store.copies().has(id))) tooEarly.add(id)
  })
  let undo = (): void => undefined
  let gateway = await startGateway(
    startupOf(scenario, bus, places, queue),
    {},
    { before: (folder) => void (undo = scenario.before?.(folder) ?? undo) },
  )
  await gateway.ready()
  const { perSecond = 300, lineBytes = 100 } = scenario
  const generator = startGenerator({ url: broker.url, queue, perSecond, lineBytes })
  const samples = startSamples(gateway.adminUrl)
  const sound = places.find(({ plan }) => plan.healthy)!.plan.name
  let kills = 0
  let restarts = 0

  async function again(signal: NodeJS.Signals): Promise<void> {
    gateway.kill(signal)
    gateway = await gateway.again()
    restarts++
    await until('the gateway to run again', runs, START_DEADLINE_MS)
  }

  // Not that all is ready: an output whose store fails half the time may take its time to open, and its queue takes records meanwhile.
  async function runs(): Promise<boolean> {
    const seen = await gateway.instance(sound).catch(() => undefined)
    return seen?.state === 'ready'
  }

  return {
    random,
    full,
    broker,
    bus,
    places,
    generator,
    samples,
    tooEarly,
    get gateway() {
      return gateway
    },
    get kills() {
      return kills
    },
    get restarts() {
      return restarts
    },
    storeOf: (output) => places.find(({ plan }) => plan.name === output)!.store,
    wait: (ms) => delay(ms),
    async kill() {
      kills++
      await again('SIGKILL')
    },
    restart: () => again('SIGTERM'),
    async end() {
      await generator.stop()
      await samples.stop()
      gateway.kill('SIGKILL')
      await gateway.exited
      undo()
      await gateway.remove()
      await bus.close()
      await Promise.all(places.map(({ store }) => store.close()))
    },
  }
}

async function declare(url: string, queue: string): Promise<void> {
  const model = await connect(url)
  const channel = await model.createChannel()
  await channel.assertQueue(queue, { durable: true })
  await model.close()
}

function startupOf(
  { bus: busOptions = '', prefetch = 500 }: Scenario,
  bus: Bus,
  places: readonly Place[],
  queue: string,
): string {
  const url = `amqp://guest:guest@127.0.0.1:${bus.port}`
  return `
transports:
  bus: { plugin: amqp, options: { url: "${url}", ${busOptions} } }
inputs:
  logs: { plugin: logs, from: { transport: bus, queue: ${queue}, prefetch: ${prefetch} } }
outputs:
${places.map(outputOf).join('\n')}
`
}

function outputOf({ plan, store }: Place): string {
  const { name, store: plugin, guard, queue = '', options = '' } = plan
  const node = plugin === 'elasticsearch' ? 'node' : 'url'
  const type = guard === 'disk' ? 'disk' : 'memory'
  return `  ${name}:
    plugin: ${plugin}
    required: ${guard !== 'optional'}
    retry: { initial: 50ms, max: 400ms }
    queue: { type: ${type}, ${queue} }
    options: { ${node}: "http://127.0.0.1:${store.road.port}", ${options} }`
}
