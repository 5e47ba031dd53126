import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeBench } from '../testing/bench.ts'
import { recordingLog } from '../testing/log-lines.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import { SelfCheck } from './self-check.ts'

const TEN_SECONDS_MS = 10_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('what is unaccounted for is told within ten seconds, and again only with another number', async () => {
  const input = { spec: { name: 'collectd' }, intake: { unaccounted: 0 } }
  const output = { spec: { name: 'store' }, unaccounted: 0 }
  const { log, lines } = recordingLog()
  const end = new AbortController()
  const running = new SelfCheck(() => [input, output], log).run(end.signal)
  const later = () => vi.advanceTimersByTimeAsync(TEN_SECONDS_MS)

  await later()
  expect(lines).toEqual([])
  output.unaccounted = 3
  await later()
  await later()
  expect(lines).toMatchObject([{ level: 'error', component: 'store', unaccounted: 3 }])
  expect(lines[0]!.msg).toMatch(/^3 records of store are unaccounted for: a fault of the gateway/)
  output.unaccounted = -1
  input.intake.unaccounted = 2
  await later()
  expect(lines.slice(1)).toMatchObject([
    { component: 'collectd', msg: expect.stringContaining('2 messages of collectd') as string },
    { component: 'store', unaccounted: -1 },
  ])
  output.unaccounted = input.intake.unaccounted = 0
  await later()
  expect(lines).toHaveLength(3)
  output.unaccounted = 3
  await later()
  expect(lines).toHaveLength(4)

  end.abort()
  await running
  expect(vi.getTimerCount()).toBe(0)
})

test('a gateway looks when it stops, and finds nothing where nothing was lost', async () => {
  vi.useRealTimers()
  const bench = await makeBench()
  const hand = makeHand()
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      good: { plugin: bench.plugin('output', 'good', makeShelf().open) },
      tampered: { plugin: bench.plugin('output', 'tampered', makeShelf().open) },
    },
  })
  await gateway.start()
  await hand.deliver('numbers', 1, 2, 3)
  gateway.registry.outputs.find(({ spec }) => spec.name === 'tampered')!.queue.ledger.of('numbers').routed++
  await gateway.stop()
  expect(bench.lines.filter(({ msg }) => msg.includes('unaccounted'))).toMatchObject([
    { level: 'error', component: 'tampered', unaccounted: 1 },
  ])
})
