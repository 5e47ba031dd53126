import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OutputSession } from '@smart-gateway/sdk'
import { makeBench, viewOf } from '../testing/bench.ts'
import type { Bench } from '../testing/bench.ts'
import { range, SERIES } from '../testing/records.ts'
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
  expect(await stopped).toMatchObject({ unsettled: 0, onDisk: 0, lost: 0 })
  expect(hand.log.slice(2)).toEqual(['stop numbers', 'message acknowledged', 'output stops'])
  expect(gateway.registry.view().map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped'])
})

test('a stop does not wait for the batch of an output that lingers: no source will fill it', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const shelf = makeShelf()
  const gateway = bench.gateway({
    gateway: { drain: '5s' },
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: { out: { plugin: bench.plugin('output', 'out', shelf.open), batch: { linger: '1m' } } },
  })
  await gateway.start()
  noted(hand, 'message', hand.deliver('numbers', 1, 2))
  const start = performance.now()
  expect(await gateway.stop()).toMatchObject({ unsettled: 0, onDisk: 0, lost: 0 })
  expect(performance.now() - start).toBeLessThan(2000)
  expect(shelf.ids).toEqual([1, 2])
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
  expect(await gateway.stop()).toMatchObject({ unsettled: 1, onDisk: 0, lost: 0 })
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
  expect(await gateway.stop()).toMatchObject({ unsettled: 0, onDisk: 0, lost: 0 })
  await gateway.start()
  expect([opened, gateway.adminUrl]).toEqual([0, undefined])
})

test('a stop does not wait for ever: what has no fate is counted and not acknowledged, sessions that hang or throw are told', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const never = (): Promise<never> => new Promise(() => {})
  const stop = (): never => {
    throw new Error('no')
  }
  const gateway = bench.gateway({
    gateway: { drain: '50ms' },
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      stuck: { plugin: bench.plugin('output', 'stuck', () => ({ write: never })) },
      hanging: { plugin: bench.plugin('output', 'hanging', () => ({ async write() {}, stop: never })) },
      throwing: { plugin: bench.plugin('output', 'throwing', () => ({ async write() {}, stop })) },
    },
  })
  await gateway.start()
  noted(hand, 'message', hand.deliver('numbers', 1))
  const start = performance.now()
  expect(await gateway.stop()).toMatchObject({ unsettled: 1, onDisk: 0, lost: 0 })
  expect(performance.now() - start).toBeLessThan(8000)
  expect(hand.log).not.toContain('message acknowledged')
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

test('a source that never ends by itself is ended first, and what it has handed in is written', async () => {
  const bench = await makeBench()
  const shelf = makeShelf()
  let emitted = 0
  let producing = true
  const source = bench.plugin('input', 'source', () => ({
    start(emit) {
      void (async () => {
        while (producing) await emit((out) => out.sample(SERIES, emitted++, 0))
      })()
    },
    stop: () => void (producing = false),
  }))
  const gateway = bench.gateway({
    gateway: { drain: '20s' },
    inputs: { source: { plugin: source } },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) } },
  })
  await gateway.start()
  await until('it produces', () => emitted > 100)
  const start = performance.now()
  expect(await gateway.stop()).toMatchObject({ unsettled: 0, onDisk: 0, lost: 0 })
  expect(performance.now() - start).toBeLessThan(3000)
  expect(shelf.ids).toEqual(range(0, emitted))
})

test('a stop waits for what optional outputs have to write, and says what is lost where their store is in trouble', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const slow = makeShelf(() => new Promise((resolve) => setTimeout(resolve, 20)))
  const down = makeShelf(async () => {
    throw new Error('down')
  })
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { a: { plugin: bench.plugin('input', 'a', decoder()), from: { transport: 'hand' } } },
    outputs: {
      slow: { plugin: bench.plugin('output', 'slow', slow.open), required: false, batch: { records: 1 } },
      down: { plugin: bench.plugin('output', 'down', down.open), required: false },
    },
  })
  await gateway.start()
  await Promise.all([1, 2, 3, 4].map((id) => hand.deliver('a', id)))
  await until('one to be in trouble', () => viewOf(gateway, 'down').state === 'degraded')
  expect(await gateway.stop()).toMatchObject({ unsettled: 0, onDisk: 0, lost: 4 })
  expect(slow.ids).toEqual([1, 2, 3, 4])
})

test('a stop says what is lost of an optional output whose disk could not take it', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const shelf = makeShelf()
  // Where the folder of queues should be, there is a file.
  mkdirSync(join(bench.folder, 'state'), { recursive: true })
  writeFileSync(join(bench.folder, 'state/queues'), '')
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { a: { plugin: bench.plugin('input', 'a', decoder()), from: { transport: 'hand' } } },
    outputs: {
      out: { plugin: bench.plugin('output', 'out', shelf.open), required: false, queue: { type: 'disk' } },
    },
  })
  await gateway.start()
  await hand.deliver('a', 1, 2, 3)
  expect(await gateway.stop()).toMatchObject({
    lost: 3,
    where: ['3 records for out lost, it is optional'],
  })
})
