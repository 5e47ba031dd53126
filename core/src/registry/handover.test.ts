import { expect, test } from 'vitest'
import type { Context, OutputSession, RecordSink } from '@smart-gateway/sdk'
import { makeBench, viewOf } from '../testing/bench.ts'
import type { Bench } from '../testing/bench.ts'
import { SERIES } from '../testing/records.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'

/** A gateway with one input `numbers` behind a transport and one output `shelf`, started. */
async function running() {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) } },
  })
  await gateway.start()
  return { bench, hand, shelf, gateway, registry: gateway.registry }
}

/** An output whose sessions count what they have written and hand the count over. */
function counting(bench: Bench, version: string, own: Partial<OutputSession> = {}) {
  const sessions: { count: number; stopped: boolean }[] = []
  const folder = bench.plugin(
    'output',
    'shelf',
    () => {
      const session = { count: 0, stopped: false }
      sessions.push(session)
      return {
        async write({ length }) {
          session.count += length
        },
        exportState: () => session.count,
        restore: (state) => void (session.count = state as number),
        stop: () => void (session.stopped = true),
        ...own,
      }
    },
    { version },
  )
  return { folder, sessions }
}

test('an output hands its state to the next generation, which writes what waits', async () => {
  const { bench, hand, gateway } = await running()
  const [old, next] = [counting(bench, '2.0.0'), counting(bench, '3.0.0')]
  await gateway.swap('shelf', old.folder)
  await hand.deliver('numbers', 1, 2, 3)
  await gateway.swap('shelf', next.folder)
  await hand.deliver('numbers', 4)
  expect([old.sessions, next.sessions]).toEqual([
    [{ count: 3, stopped: true }],
    [{ count: 4, stopped: false }],
  ])
})

test.each<[string, Partial<OutputSession>, Partial<OutputSession>]>([
  [
    'restored',
    {},
    {
      restore() {
        throw new Error('from another version')
      },
    },
  ],
  [
    'exported',
    {
      exportState() {
        throw new Error('too large')
      },
    },
    {},
  ],
])('state that cannot be %s leaves the old generation writing', async (_, ofOld, ofNext) => {
  const { bench, hand, gateway } = await running()
  const [old, next] = [counting(bench, '2.0.0', ofOld), counting(bench, '3.0.0', ofNext)]
  await gateway.swap('shelf', old.folder)
  await hand.deliver('numbers', 1)
  await expect(gateway.swap('shelf', next.folder)).rejects.toMatchObject({ code: 'SG_SWAP_FAILED' })
  await hand.deliver('numbers', 2, 3)
  expect([old.sessions, next.sessions]).toEqual([
    [{ count: 3, stopped: false }],
    [{ count: 0, stopped: true }],
  ])
  expect(viewOf(gateway, 'shelf')).toMatchObject({ state: 'ready', version: '2.0.0' })
})

test('a generation that no longer takes a signal that startup.yaml wants there leaves the old one writing', async () => {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open), signals: ['metric'] } },
  })
  await gateway.start()
  const next = bench.plugin('output', 'shelf', makeShelf().open, { version: '2.0.0', signals: ['log'] })
  await expect(gateway.swap('shelf', next)).rejects.toMatchObject({ code: 'SG_SWAP_FAILED' })
  await hand.deliver('numbers', 1)
  expect(shelf.ids).toEqual([1])
})

test('an HTTP handler is served by the new generation on the same port', async () => {
  const bench = await makeBench()
  const serving =
    (answer: string) =>
    async ({ http }: Context) => {
      const { url } = await http.serve({ host: '127.0.0.1', port: 0, path: '/x' }, () => new Response(answer))
      return { address: url, async write() {} }
    }
  const gateway = bench.gateway({ outputs: { x: { plugin: bench.plugin('output', 'x', serving('old')) } } })
  await gateway.start()
  const { address } = viewOf(gateway, 'x')
  const ask = async (): Promise<string> => (await fetch(address!)).text()
  expect(await ask()).toBe('old')
  await gateway.swap('x', bench.plugin('output', 'x', serving('new'), { version: '2.0.0' }))
  expect([await ask(), viewOf(gateway, 'x').address]).toEqual(['new', address])
  const failing = bench.plugin(
    'output',
    'x',
    async (context) => {
      await serving('never')(context)
      throw new Error('after all')
    },
    { version: '3.0.0' },
  )
  await expect(gateway.swap('x', failing)).rejects.toMatchObject({ code: 'SG_SWAP_FAILED' })
  expect(await ask()).toBe('new')
})

test('a source without a transport ends before its next generation starts', async () => {
  const bench = await makeBench()
  const shelf = makeShelf()
  const told: string[] = []
  const source =
    (name: string, fault = false) =>
    () => ({
      async start(emit: (fill: (out: RecordSink) => void) => Promise<void>) {
        told.push(`${name} starts`)
        if (fault) throw new Error('no device')
        await emit((out) => out.sample(SERIES, 1, 0))
      },
      stop: () => void told.push(`${name} stops`),
    })
  const gateway = bench.gateway({
    inputs: { s: { plugin: bench.plugin('input', 's', source('old')) } },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) } },
  })
  await gateway.start()
  await gateway.swap('s', bench.plugin('input', 's', source('new'), { version: '2.0.0' }))
  expect([told.slice(0, 3), shelf.ids]).toEqual([
    ['old starts', 'old stops', 'new starts'],
    [1, 1],
  ])
  const bad = bench.plugin('input', 's', source('bad', true), { version: '3.0.0' })
  await expect(gateway.swap('s', bad)).rejects.toMatchObject({ code: 'SG_SWAP_FAILED' })
  await until('the one before is opened anew', () => told.filter((one) => one === 'new starts').length === 2)
  await until('it is ready', () => viewOf(gateway, 's').state === 'ready')
  expect([viewOf(gateway, 's').version, shelf.ids]).toEqual(['2.0.0', [1, 1, 1]])
})
