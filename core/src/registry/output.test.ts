import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { permanent, retryable } from '@smart-gateway/sdk'
import type { InputSession, OutputSession } from '@smart-gateway/sdk'
import { makeBench, viewOf } from '../testing/bench.ts'
import { SERIES } from '../testing/records.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'

const TOKEN = 'a-token-of-the-test'
const SESSION: OutputSession = { async write() {} }

test('a required output that cannot even be imported holds messages instead of losing them', async () => {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) },
      broken: {
        plugin: bench.plugin('output', 'broken', () => SESSION, { top: `throw new Error('no luck')` }),
      },
    },
  })
  await gateway.start()
  let fate = 'none'
  const delivered = hand.deliver('numbers', 1).then(
    () => (fate = 'settled'),
    () => (fate = 'returned'),
  )
  await gateway.swap('shelf')
  expect([fate, hand.intakes.get('numbers')!.full, shelf.ids]).toEqual(['none', true, []])
  expect(await gateway.stop()).toMatchObject({ unsettled: 1, onDisk: 0, lost: 0 })
  expect(await delivered).toBe('returned')
})

test('an output whose import failed gets its messages once a good version is swapped in', async () => {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      x: { plugin: bench.plugin('output', 'x', shelf.open, { top: `throw new Error('no luck')` }) },
    },
  })
  await gateway.start()
  const delivered = hand.deliver('numbers', 1)
  await gateway.swap('x', bench.plugin('output', 'x', shelf.open, { version: '2.0.0' }))
  await delivered
  expect([shelf.ids, viewOf(gateway, 'x')]).toMatchObject([[1], { state: 'ready', version: '2.0.0' }])
})

test.each([
  [undefined, []],
  [['metric', 'log'], [1]],
])(
  'a signal that its plugin takes on request is routed to it only when signals names it: %j',
  async (signals, expected) => {
    const bench = await makeBench()
    const [hand, shelf] = [makeHand(), makeShelf()]
    const plugin = bench.plugin('output', 'x', shelf.open, { signalsOnRequest: ['metric'] })
    const gateway = bench.gateway({
      transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
      inputs: {
        numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } },
      },
      outputs: { x: { plugin, ...(signals && { signals }) } },
    })
    await gateway.start()
    await hand.deliver('numbers', 1)
    expect(shelf.ids).toEqual(expected)
  },
)

test('no secret is shown, wherever a plugin puts it', async () => {
  const bench = await makeBench()
  const options = { type: 'object', properties: { token: { type: 'string', writeOnly: true } } }
  const plugin = bench.plugin(
    'output',
    'x',
    () => {
      throw new Error('login with hunter2hunter2 at amqp://guest:p%40ssword@host failed')
    },
    { options },
  )
  const gateway = bench.gateway({
    outputs: { x: { plugin, options: { token: 'hunter2hunter2', url: 'amqp://guest:p%40ssword@host' } } },
  })
  await gateway.start()
  expect(viewOf(gateway, 'x').reason).toBe(
    'x could not open: login with [secret] at amqp://guest:[secret]@host failed',
  )
})

test('at a start an optional output that takes its time to load misses nothing; one that never does is waited for a moment', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const [shelf, late] = [makeShelf(), makeShelf()]
  const slowly = 'await new Promise((resolve) => setTimeout(resolve, 700))'
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) },
      late: { plugin: bench.plugin('output', 'late', late.open, { top: slowly }), required: false },
    },
  })
  void gateway.start()
  await until('the input is ready', () => hand.intakes.get('numbers') !== undefined)
  await hand.deliver('numbers', 1)
  await until('it is written', () => late.ids.length === 1)
  expect([shelf.ids, late.ids]).toEqual([[1], [1]])

  const never = bench.gateway({
    gateway: { state: './other' },
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) },
      never: {
        plugin: bench.plugin('output', 'never', late.open, {
          top: 'await new Promise(() => setInterval(() => {}, 1e6))',
        }),
        required: false,
      },
    },
  })
  hand.intakes.clear()
  void never.start()
  await until('the input is ready', () => hand.intakes.get('numbers') !== undefined)
  await hand.deliver('numbers', 2)
  expect([shelf.ids, late.ids]).toEqual([[1, 2], [1]])
}, 30_000)

test.each(['memory', 'disk'])(
  'a dead letter that is older than the queue of its output takes stays where it is, and says so: %s',
  async (type) => {
    const bench = await makeBench()
    let isBad = true
    const shelf = makeShelf(async () => {
      if (isBad) throw permanent('not today')
    })
    const hand = makeHand()
    const old: InputSession = { decode: (_, out) => out.sample(SERIES, 1, Date.now() - 1000) }
    const gateway = bench.gateway({
      gateway: { admin: { port: 0, token: TOKEN } },
      transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
      inputs: { old: { plugin: bench.plugin('input', 'old', () => old), from: { transport: 'hand' } } },
      outputs: {
        shelf: { plugin: bench.plugin('output', 'shelf', shelf.open), queue: { type, maxAge: '3s' } },
      },
    })
    await gateway.start()
    await hand.deliver('old', 1).catch(() => undefined)
    const ask = async (path: string, init?: RequestInit): Promise<{ letters?: object[] }> => {
      const answer = await fetch(`${gateway.adminUrl}/api/v1/dead-letters${path}`, init)
      return (await answer.json()) as object
    }
    await until('it is kept', async () => (await ask('')).letters?.length === 1)
    isBad = false
    await delay(2500)
    const headers = { authorization: `Bearer ${TOKEN}` }
    const replayed = await ask('/replay', { method: 'POST', headers, body: '{"all":true}' })
    const reason = "it is older than its output's queue.maxAge"
    expect(replayed).toMatchObject({ replayed: 0, failures: [{ id: 1, reason }] })
    expect(await ask('')).toMatchObject({ letters: [{ id: 1, reason }] })
    expect(shelf.ids).toEqual([])
  },
)

test('an output whose store answers again is ready, also when the answer is that it refuses for good', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  let says = retryable('store down')
  const shelf = makeShelf(async () => {
    throw says
  })
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      x: { plugin: bench.plugin('output', 'x', shelf.open), retry: { initial: '1ms', max: '5ms' } },
    },
  })
  await gateway.start()
  const delivered = hand.deliver('numbers', 1, 2)
  await until('it is in trouble', () => viewOf(gateway, 'x').state === 'degraded')
  says = permanent('no such index')
  await expect(delivered).rejects.toMatchObject({ retryable: false })
  expect(viewOf(gateway, 'x')).toMatchObject({ state: 'ready' })
})
