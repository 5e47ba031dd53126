import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../e2e/src/peers/until.ts'
import { sumOf } from './samples.ts'
import type { Page } from './samples.ts'
import type { Harm, Scenario } from './scenario.ts'
import { setStage } from './stage.ts'
import type { Place, Setting, Stage } from './stage.ts'
import { waver } from './waver.ts'
import { balance, duplicatesIn } from './verdict.ts'
import type { Balance } from './verdict.ts'

const LOOK_MS = 200
const BEFORE_MS = 2000
const REST_DEADLINE_MS = 60_000
const STOP_DEADLINE_MS = 25_000

/** What became of one scenario. */
export interface Result extends Balance {
  readonly name: string
  readonly skipped?: string
  readonly seconds: number
  readonly done: Harm['done']
  /** Lines a second at the healthy output, before and during the harm. */
  readonly rates: readonly [number, number]
  readonly mostRssBytes: number
  /** Records in queues at the most; all have their fate at the end. */
  readonly mostQueued: number
}

/** Plays one scenario: some peace, the harm, rest; then the balance. */
export async function play(scenario: Scenario, setting: Setting): Promise<Result> {
  const skipped = scenario.unable?.()
  if (skipped !== undefined) return { ...NOTHING, name: scenario.name, skipped }
  const start = performance.now()
  const undo = await scenario.prepare?.(setting.broker)
  const stage = await setStage(scenario, setting)
  try {
    const flaws: string[] = []
    const healthy = stage.places.filter(({ plan }) => plan.healthy)
    const [before] = await rateDuring(healthy, async () => {
      await until('lines in the stores', () => stage.places.every(({ store }) => store.copies().size > 0))
      await stage.wait(BEFORE_MS)
    })
    for (const place of stage.places)
      if (duplicatesIn(place) > 0) flaws.push(`${place.plan.name} has duplicates before anything was harmed`)
    const [during, { done, flaws: seen = [] }] = await rateDuring(healthy, () => harm(scenario, stage))
    flaws.push(...seen)
    for (const [what, count] of Object.entries(done))
      if (count === 0) flaws.push(`it never happened: ${what}`)
    if (scenario.keepsRate && during < before / 2)
      flaws.push(`the healthy output fell from ${before} to ${during} lines a second`)
    await stage.generator.stop()
    const page = await rest(stage).catch((error: Error) => {
      flaws.push(error.message)
      return stage.samples.look()
    })
    const drawn = await balance(scenario, stage, page ?? new Map())
    flaws.push(...drawn.flaws, ...(await stop(stage)))
    return {
      ...drawn,
      flaws,
      name: scenario.name,
      seconds: (performance.now() - start) / 1000,
      done,
      rates: [before, during],
      mostRssBytes: stage.samples.mostRssBytes,
      mostQueued: stage.samples.mostQueued,
    }
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${stage.gateway.stderr().slice(-2000)}`, { cause: error })
  } finally {
    await stage.end()
    await undo?.()
  }
}

/** Does what the scenario does, while outputs that waver do. */
async function harm(scenario: Scenario, stage: Stage): Promise<Harm> {
  const over = new AbortController()
  const wavering = stage.places.filter(({ plan }) => plan.wavers === true)
  const failures = Promise.all(
    wavering.map(
      async ({ plan: { name } }) => [`failures of ${name}`, await waver(stage, name, over.signal)] as const,
    ),
  )
  try {
    const { done, flaws } = await scenario.harm(stage)
    over.abort()
    return { done: { ...done, ...Object.fromEntries(await failures) }, ...(flaws && { flaws }) }
  } finally {
    over.abort()
  }
}

const NOTHING = {
  seconds: 0,
  done: {},
  rates: [0, 0],
  mostRssBytes: 0,
  mostQueued: 0,
  generated: 0,
  stored: {},
  duplicates: {},
  deadLettered: 0,
  flaws: [],
} as const

/** Lines a second that the slowest of some outputs stored meanwhile. */
async function rateDuring<T>(places: readonly Place[], work: () => Promise<T>): Promise<[number, T]> {
  const start = performance.now()
  const before = places.map(({ store }) => store.copies().size)
  const made = await work()
  const seconds = (performance.now() - start) / 1000
  const rates = places.map(({ store }, i) => (store.copies().size - before[i]!) / seconds)
  return [Math.round(Math.min(...rates)), made]
}

/** Waits until nothing is under way any more: each confirmed line has its fate, and the gateway holds none. */
async function rest({ generator, bus, samples, places }: Stage): Promise<Page> {
  let last = ''
  const page = await until(
    'everything to come to rest',
    async () => {
      await delay(LOOK_MS)
      const settled = (id: number): boolean => bus.acknowledged.has(id) || bus.rejected.has(id)
      const open = [...generator.confirmed].filter((id) => !settled(id)).length
      const seen = await samples.look()
      if (seen === undefined) return undefined
      const inFlight = sumOf(seen, 'smart_gateway_input_messages_in_flight')
      const queued = sumOf(seen, 'smart_gateway_queue_records')
      const bytes = sumOf(seen, 'smart_gateway_queue_bytes')
      const stored = places.map(({ plan, store }) => `${plan.name} ${store.copies().size}`).join(', ')
      last = `${open} not settled, ${inFlight} messages in flight, ${queued} records and ${bytes} bytes in queues, stored: ${stored}`
      return open === 0 && inFlight === 0 && queued === 0 && bytes === 0 && seen
    },
    REST_DEADLINE_MS,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${last}`, { cause: error })
  })
  return page
}

/** Asks the gateway to end, and says what is wrong with how it does. */
async function stop({ gateway }: Stage): Promise<readonly string[]> {
  gateway.kill('SIGTERM')
  const late = delay(STOP_DEADLINE_MS, undefined, { ref: false })
  const exit = await Promise.race([gateway.exited, late])
  if (exit === undefined) return [`the gateway did not end within ${STOP_DEADLINE_MS} ms of SIGTERM`]
  return exit.code === 0 ? [] : [`the gateway ended with ${exit.code ?? exit.signal}`]
}
