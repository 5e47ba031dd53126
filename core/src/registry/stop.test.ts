import { expect, test } from 'vitest'
import type { OutputSession } from '@smart-gateway/sdk'
import { makeBench } from '../testing/bench.ts'
import type { Bench } from '../testing/bench.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import type { Hand } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'

/** A gateway with one input `numbers` behind a transport and the given output. */
function gatewayOf(bench: Bench, hand: Hand, open: () => OutputSession, drain = '1s') {
  return bench.gateway({
    gateway: { drain },
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: { out: { plugin: bench.plugin('output', 'out', open) } },
  })
}

/** Notes in the log of a hand when a promise is settled. */
function noted(hand: Hand, name: string, promise: Promise<void>): void {
  promise.then(
    () => hand.log.push(`${name} acknowledged`),
    () => hand.log.push(`${name} given back`),
  )
}

test('a stop takes no more messages, waits for the fate of those under way, and lets the outputs go last', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const write = Promise.withResolvers<void>()
  const shelf = makeShelf(() => write.promise)
  const gateway = gatewayOf(bench, hand, () => ({
    ...shelf.open(),
    stop: () => void hand.log.push('output stops'),
  }))
  await gateway.start()
  noted(hand, 'message', hand.deliver('numbers', 1))
  const stopped = gateway.stop()
  await until('it takes no more', () => hand.log.includes('stop numbers'))
  expect(gateway.registry.view().map(({ state }) => state)).toEqual(['draining', 'draining', 'draining'])
  write.resolve()
  expect(await stopped).toEqual({ unsettled: 0 })
  expect(hand.log.slice(2)).toEqual(['stop numbers', 'message acknowledged', 'output stops'])
  expect(gateway.registry.view().map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped'])
})

test('a stop does not wait for ever: what has no fate is counted and not acknowledged', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const gateway = gatewayOf(bench, hand, () => ({ write: () => new Promise(() => {}) }), '50ms')
  await gateway.start()
  noted(hand, 'message', hand.deliver('numbers', 1))
  const start = performance.now()
  expect(await gateway.stop()).toEqual({ unsettled: 1 })
  expect(performance.now() - start).toBeLessThan(5000)
  expect(hand.log).not.toContain('message acknowledged')
})

test('a stop while an output waits for its next try ends with the drain, not with the wait', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const busy = Object.assign(new Error('busy'), { retryable: true, retryAfter: 60_000 })
  const gateway = gatewayOf(bench, hand, () => ({ write: () => Promise.reject(busy) }), '50ms')
  await gateway.start()
  void hand.deliver('numbers', 1)
  await until('it waits', () => gateway.registry.outputs[0]!.failures === 1)
  const start = performance.now()
  expect(await gateway.stop()).toEqual({ unsettled: 1 })
  expect(performance.now() - start).toBeLessThan(1000)
})

test('a stop asked for twice is one stop', async () => {
  const bench = await makeBench()
  let stops = 0
  const gateway = gatewayOf(bench, makeHand(), () => ({ async write() {}, stop: () => void stops++ }))
  await gateway.start()
  expect(gateway.stop()).toBe(gateway.stop())
  await gateway.stop()
  expect(stops).toBe(1)
})

test('a stop before the start, and a start after it, leave nothing open', async () => {
  const bench = await makeBench()
  let opened = 0
  const gateway = gatewayOf(bench, makeHand(), () => {
    opened++
    return { async write() {} }
  })
  expect(await gateway.stop()).toEqual({ unsettled: 0 })
  await gateway.start()
  expect([opened, gateway.adminUrl]).toEqual([0, undefined])
})

test('sessions whose stop throws or hangs are told and left behind', async () => {
  const bench = await makeBench()
  const hanging = bench.plugin('output', 'hanging', () => ({
    async write() {},
    stop: () => new Promise(() => {}),
  }))
  const throwing = bench.plugin('output', 'throwing', () => ({
    async write() {},
    stop() {
      throw new Error('no')
    },
  }))
  const gateway = bench.gateway({ outputs: { hanging: { plugin: hanging }, throwing: { plugin: throwing } } })
  await gateway.start()
  await gateway.stop()
  const warnings = bench.lines.filter(({ level }) => level === 'warn')
  expect(warnings.map(({ component, msg }) => `${component}: ${msg}`).toSorted()).toEqual([
    'hanging: stop did not finish within 3000 ms; going on without it',
    'throwing: stop failed; what it held may be left behind',
  ])
})

test('messages that come while it stops are given back or acknowledged, never forgotten while the transport lives', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const gateway = gatewayOf(bench, hand, makeShelf().open)
  await gateway.start()
  const intake = hand.intakes.get('numbers')!
  const stopped = gateway.stop()
  noted(hand, 'late', intake.deliver({ body: Buffer.from('[1]') }))
  await stopped
  expect(hand.log).toContain('late acknowledged')
})
