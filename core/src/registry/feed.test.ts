import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Context, Intake, TransportSession } from '@smart-gateway/sdk'
import { makeBench, viewOf } from '../testing/bench.ts'
import type { Bench } from '../testing/bench.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'

/** A gateway with the inputs `a` and `b` on one transport, and an output. */
function gatewayOf(
  bench: Bench,
  open: (context: Context) => TransportSession | Promise<TransportSession>,
  details = {},
) {
  const shelf = makeShelf()
  const plugin = bench.plugin('input', 'numbers', decoder())
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', open, details) } },
    inputs: {
      a: { plugin, from: { transport: 'hand' } },
      b: { plugin, from: { transport: 'hand', address: 'here' } },
    },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) } },
  })
  return { gateway, shelf }
}

test('inputs share a transport, each with its own subscription', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const { gateway, shelf } = gatewayOf(bench, hand.open)
  await gateway.start()
  await Promise.all([hand.deliver('a', 1, 2), hand.deliver('b', 3)])
  expect(shelf.ids).toEqual([1, 2, 3])
  expect([viewOf(gateway, 'a').state, viewOf(gateway, 'b').state]).toEqual(['ready', 'ready'])
})

test('an input whose transport is away waits for it, and says so', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  let up = false
  const { gateway } = gatewayOf(bench, () => {
    if (!up) throw new Error('connect ECONNREFUSED')
    return hand.open()
  })
  await gateway.start()
  expect(viewOf(gateway, 'hand').state).toBe('failed')
  expect(viewOf(gateway, 'a')).toMatchObject({ state: 'starting', reason: 'waits for the transport hand' })
  up = true
  await until('the input is ready', () => viewOf(gateway, 'a').state === 'ready')
  await hand.deliver('a', 1)
})

test('a subscription that its peer refuses is tried again; its neighbour goes on', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  let refusals = 0
  const { gateway } = gatewayOf(bench, () => {
    const session = hand.open()
    return {
      subscribe(options, intake, context) {
        if (context.input === 'a' && refusals++ < 1) throw new Error('no queue "a" in vhost "/"')
        return session.subscribe(options, intake, context)
      },
    }
  })
  await gateway.start()
  expect(viewOf(gateway, 'hand').state).toBe('ready')
  expect(viewOf(gateway, 'b').state).toBe('ready')
  expect(viewOf(gateway, 'a')).toMatchObject({
    state: 'failed',
    reason: 'a has no subscription on hand: no queue "a" in vhost "/"',
  })
  expect(bench.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { component: 'a', code: 'SG_SUBSCRIBE_FAILED', hint: expect.stringContaining('tries again') as string },
  ])
  await until('the input is ready', () => viewOf(gateway, 'a').state === 'ready')
})

test('a subscription that ended by itself is made anew; a late word of the old one does not end the new one', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const { gateway } = gatewayOf(bench, hand.open)
  await gateway.start()
  const old: Intake = hand.intakes.get('a')!
  old.fail(new Error('consumer cancelled'))
  old.fail(new Error('channel closed'))
  await until('it has failed', () => viewOf(gateway, 'a').state === 'failed')
  await until('it is ready again', () => viewOf(gateway, 'a').state === 'ready')
  const fresh = hand.intakes.get('a')!
  old.fail(new Error('connection closed'))
  await gateway.swap('b')
  expect(hand.intakes.get('a')).toBe(fresh)
  expect(hand.log.filter((one) => one.endsWith(' a'))).toEqual([
    'subscribe a',
    'start a',
    'stop a',
    'subscribe a',
    'start a',
  ])
  await hand.deliver('a', 1)
})

test('subscriptions follow a transport that was lost to its next session', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const contexts: Context[] = []
  const { gateway, shelf } = gatewayOf(bench, (context) => {
    contexts.push(context)
    return hand.open()
  })
  await gateway.start()
  contexts[0]!.fail(new Error('connection reset'))
  await until('they are gone', () => hand.intakes.size === 0)
  expect(viewOf(gateway, 'a')).toMatchObject({ state: 'starting', reason: 'waits for the transport hand' })
  await until('they are back', () => hand.intakes.size === 2)
  await Promise.all([hand.deliver('a', 1), hand.deliver('b', 2)])
  expect(shelf.ids).toEqual([1, 2])
})

test.each([
  [true, 'given back: its peer sends it again', 'the subscription of a ended before the message was taken'],
  [false, 'written: nobody would send it again', 'settled'],
])(
  'when a transport that redelivers (%s) is lost, what waits behind an open write is %s',
  async (redelivers, _, expected) => {
    const bench = await makeBench()
    const hand = makeHand()
    const contexts: Context[] = []
    const writes: (() => void)[] = []
    const shelf = makeShelf(() => new Promise((resolve) => void writes.push(resolve)))
    const open = (context: Context): TransportSession => {
      contexts.push(context)
      return hand.open()
    }
    const gateway = bench.gateway({
      transports: { hand: { plugin: bench.plugin('transport', 'hand', open, { redelivers }) } },
      inputs: { a: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
      outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) } },
    })
    await gateway.start()
    const first = fateOf(hand.deliver('a', 1))
    await until('the first write', () => writes.length === 1)
    const second = fateOf(hand.deliver('a', 2))
    await turn()
    contexts[0]!.fail(new Error('connection reset'))
    await until('the transport to be lost', () => contexts.length === 2)
    writes[0]!()
    expect(await first).toBe('settled')
    if (!redelivers) {
      await until('the second write', () => writes.length === 2)
      writes[1]!()
    }
    expect(await second).toBe(expected)
    expect(shelf.ids).toEqual(redelivers ? [1] : [1, 2])
    const { queue } = gateway.registry.outputs[0]!
    expect(queue.ledger.of('a')).toMatchObject({
      routed: 2,
      delivered: redelivers ? 1 : 2,
      returned: redelivers ? 1 : 0,
    })
  },
)

function fateOf(delivered: Promise<void>): Promise<string> {
  return delivered.then(
    () => 'settled',
    (error: Error) => error.message,
  )
}

test('a subscription gets the defaults of the schema in the code, frozen; what breaks it is told', async () => {
  const bench = await makeBench()
  const seen: unknown[] = []
  const subscription = {
    type: 'object',
    additionalProperties: false,
    properties: { address: { type: 'string' }, prefetch: { type: 'integer', default: 1000 } },
  }
  const open = (): TransportSession => ({
    subscribe(options, _, { input }) {
      seen.push([input, options, Object.isFrozen(options)])
      return { start() {}, async stop() {} }
    },
  })
  const transport = bench.plugin('transport', 'hand', open, { subscription })
  const plugin = bench.plugin('input', 'numbers', decoder())
  const gateway = bench.gateway({
    transports: { hand: { plugin: transport } },
    inputs: {
      a: { plugin, from: { transport: 'hand', address: 'x' } },
      b: { plugin, from: { transport: 'hand', adress: 'x' } },
    },
  })
  await gateway.start()
  expect(seen).toEqual([['a', { address: 'x', prefetch: 1000 }, true]])
  expect(viewOf(gateway, 'b').reason).toBe(
    'b has no subscription on hand: inputs.b.from.adress is not a known key; did you mean "address"?',
  )
})

test('a subscribe that hangs holds neither its neighbour nor a stop up; one that comes late is ended', async () => {
  const bench = await makeBench()
  const late = Promise.withResolvers<void>()
  const stopped = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const hand = makeHand()
  const { gateway } = gatewayOf(bench, () => {
    const session = hand.open()
    return {
      async subscribe(options, intake, context) {
        if (context.input === 'b') return await session.subscribe(options, intake, context)
        asked.resolve()
        await late.promise
        return { start() {}, stop: async () => stopped.resolve() }
      },
    }
  })
  void gateway.start()
  await until('the neighbour is ready', () => viewOf(gateway, 'b').state === 'ready')
  await asked.promise
  const start = performance.now()
  await gateway.stop()
  expect(performance.now() - start).toBeLessThan(2000)
  late.resolve()
  await stopped.promise
})

test('a subscription that cannot be stopped is told and left behind', async () => {
  const bench = await makeBench()
  const { gateway } = gatewayOf(bench, () => ({
    subscribe: () => ({
      start() {},
      stop() {
        throw new Error('no channel')
      },
    }),
  }))
  await gateway.start()
  await gateway.stop()
  const warnings = bench.lines.filter(({ level }) => level === 'warn')
  expect(warnings.map(({ component, msg }) => `${component}: ${msg}`)).toEqual([
    'a: the subscription on hand did not stop as it should; going on without it',
    'b: the subscription on hand did not stop as it should; going on without it',
  ])
})

test('an input that decodes and has no subscription says what it needs', async () => {
  const bench = await makeBench()
  const gateway = bench.gateway({ inputs: { a: { plugin: bench.plugin('input', 'numbers', decoder()) } } })
  await gateway.start()
  expect(viewOf(gateway, 'a')).toMatchObject({ state: 'failed', reason: 'a has no subscription' })
  expect(bench.lines).toMatchObject([
    {
      level: 'error',
      code: 'SG_NO_FROM',
      hint: expect.stringContaining('from: { transport: NAME') as string,
    },
  ])
})

test('an input that brings its records itself and is given a subscription says that it takes none', async () => {
  const bench = await makeBench()
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', makeHand().open) } },
    inputs: {
      a: { plugin: bench.plugin('input', 'source', () => ({ start() {} })), from: { transport: 'hand' } },
    },
  })
  await gateway.start()
  expect(viewOf(gateway, 'a').reason).toBe('a brings its records itself: its plugin takes no `from`')
})

test('a subscribe that returns nonsense is a fault of the plugin', async () => {
  const bench = await makeBench()
  const { gateway } = gatewayOf(bench, () => ({ subscribe: () => undefined as never }))
  await gateway.start()
  expect(viewOf(gateway, 'a').reason).toBe(
    'a has no subscription on hand: subscribe did not return a subscription with start and stop',
  )
})
