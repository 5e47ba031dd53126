import type { Stage } from '../stage.ts'
import type { Scenario } from '../scenario.ts'

/** Everything at random, with three outputs of which one fails half the time, one behind a disk queue too, and one is healthy. */
export const allAtOnce: Scenario = {
  name: 'all at once',
  outputs: [
    { name: 'healthy', store: 'elasticsearch', healthy: true, guard: 'required' },
    { name: 'optional', store: 'loki', healthy: false, guard: 'optional' },
    {
      name: 'stored',
      store: 'elasticsearch',
      healthy: false,
      guard: 'disk',
      options: 'requestTimeoutMs: 1000',
    },
  ],
  bus: 'heartbeatMs: 1000',
  lostAnswers: true,
  async harm(stage) {
    const refused = new Set<number>()
    const done = new AbortController()
    const failing = Promise.all([
      halfTheTime(stage, 'optional', done.signal),
      halfTheTime(stage, 'stored', done.signal, refused),
    ])
    const counts: Record<string, number> = {}
    const end = performance.now() + (stage.full ? 120_000 : 9000)
    // Each at least once, in a random order, then at random.
    const order = Object.keys(BLOWS).sort(() => stage.random() - 0.5)
    for (let i = 0; i < order.length || performance.now() < end; i++) {
      const name = order[i] ?? order[Math.floor(stage.random() * order.length)]!
      if (i >= order.length && name === 'broker restarts') continue
      await BLOWS[name]!(stage)
      counts[name] = (counts[name] ?? 0) + 1
      await stage.wait(stage.random() * 700)
    }
    done.abort()
    const [optional, stored] = await failing
    const failures = { 'failures of optional': optional, 'failures of stored': stored }
    return { done: { ...counts, ...failures, refused: refused.size } }
  },
}

const BLOWS: Readonly<Record<string, (stage: Stage) => Promise<unknown>>> = {
  kills: (stage) => stage.kill(),
  'broker restarts': ({ broker }) => broker.restart(),
  'connections cut': async ({ bus, wait }) => {
    await wait(bus.cut() > 0 ? 0 : 1)
  },
  'connections half-open': async ({ bus, storeOf, wait }) => {
    bus.silence()
    storeOf('stored').road.silence()
    await wait(500)
  },
  'process stopped': async ({ gateway, wait }) => {
    gateway.kill('SIGSTOP')
    await wait(1000)
    gateway.kill('SIGCONT')
  },
  'store slow': async ({ storeOf, wait }) => {
    const slow = storeOf('healthy').misbehave({ delayMs: 300 })
    await wait(600)
    slow.stop()
  },
}

/** Makes a store fail half of the time, and otherwise refuse some lines, which it gathers. Returns how often it failed. */
async function halfTheTime(
  { storeOf, random, wait }: Stage,
  output: string,
  signal: AbortSignal,
  refused?: Set<number>,
): Promise<number> {
  const store = storeOf(output)
  let hits = 0
  while (!signal.aborted) {
    const kinds = [
      { status: 503 },
      { status: 429, headers: { 'retry-after': '1' } },
      { hangUp: 'before' },
      { hangUp: 'after' },
      { hangUp: 'mid' },
    ] as const
    const failing = store.misbehave(kinds[Math.floor(random() * kinds.length)]!)
    await wait(300 + random() * 400)
    failing.stop()
    hits += failing.hits
    const refusing = refused && store.refuse((id) => id % 37 === 0)
    await wait(300 + random() * 400)
    refusing?.stop()
    for (const id of refusing?.refused ?? []) refused!.add(id)
  }
  return hits
}
