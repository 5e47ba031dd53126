import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { InputContext, Series } from '@smart-gateway/sdk'
import { makeBench, viewOf } from '../testing/bench.ts'
import type { Details } from '../testing/bench.ts'
import { range, SERIES } from '../testing/records.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'
import { reasonOf } from '../errors.ts'

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

test('a second generation of a decoder, from another folder, goes behind the running transport between two messages', async () => {
  const { bench, hand, shelf, gateway } = await running()
  await hand.deliver('numbers', 1)
  const next = bench.plugin('input', 'numbers', decoder(1000), { version: '2.0.0' })
  expect(await gateway.swap('numbers', next)).toEqual({
    instance: 'numbers',
    generation: 2,
    version: '2.0.0',
  })
  await hand.deliver('numbers', 2)
  expect(shelf.ids).toEqual([1, 1002])
  expect(viewOf(gateway, 'numbers')).toMatchObject({ state: 'ready', generation: 2, version: '2.0.0' })
  expect(hand.log).toEqual(['subscribe numbers', 'start numbers'])
  expect(viewOf(gateway, 'shelf').generation).toBe(1)
})

test('a relative folder is meant from the folder of startup.yaml; none means where the plugin is installed', async () => {
  const { bench, hand, shelf, gateway } = await running()
  bench.plugin('input', 'numbers', decoder(1000), { version: '2.0.0' })
  await gateway.swap('numbers', './input-numbers-2.0.0')
  await hand.deliver('numbers', 1)
  expect(await gateway.swap('numbers')).toMatchObject({ generation: 3, version: '1.0.0' })
  await hand.deliver('numbers', 1)
  expect(shelf.ids).toEqual([1001, 1])
})

test('100 swaps under a stream of messages: each message is decoded once, in order, by one generation', async () => {
  const { bench, hand, shelf, gateway } = await running()
  const folders = [1, 2].map((i) =>
    bench.plugin('input', 'numbers', decoder(i / 10), { version: `${i}.1.0` }),
  )
  let swapping = true
  let next = 0
  const fates: Promise<void>[] = []
  const stream = (async () => {
    while (swapping) {
      for (let i = 0; i < 5; i++) fates.push(hand.deliver('numbers', next++))
      await turn()
    }
  })()
  for (let i = 0; i < 100; i++) expect((await gateway.swap('numbers', folders[i % 2])).generation).toBe(i + 2)
  swapping = false
  await stream
  await Promise.all(fates)
  expect(shelf.ids.map((id) => Math.floor(id as number))).toEqual(range(0, next))
  const generations = new Set(shelf.ids.map((id) => Math.round(((id as number) % 1) * 10)))
  expect([...generations].toSorted()).toEqual([0, 1, 2])
  expect(next).toBeGreaterThan(500)
  expect(viewOf(gateway, 'numbers').generation).toBe(101)
  expect(gateway.changes.list().map(({ outcome }) => outcome)).toEqual(
    Array.from({ length: 100 }, () => 'succeeded'),
  )
})

test.each<[string, string, Details]>([
  ['whose import throws', 'no luck', { top: `throw new Error('no luck')` }],
  ['of another api', 'is defined for plugin api 2', { api: 2 }],
  ['that wants another option', 'needs the key "url"', { options: { type: 'object', required: ['url'] } }],
  ['with an invalid schema', 'have an invalid schema', { options: { type: 'objct' } }],
])('a generation %s leaves the old one untouched', async (_, reason, details) => {
  const { bench, hand, shelf, gateway } = await running()
  const bad = bench.plugin('input', 'numbers', decoder(1000), { version: '2.0.0', ...details })
  const error: unknown = await gateway.swap('numbers', bad).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'SG_SWAP_FAILED' })
  expect(reasonOf(error)).toContain('numbers was not swapped, generation 1 goes on')
  expect(reasonOf(error)).toContain(reason)
  await hand.deliver('numbers', 1)
  expect(shelf.ids).toEqual([1])
  expect(viewOf(gateway, 'numbers')).toMatchObject({ state: 'ready', generation: 1, version: '1.0.0' })
  expect(gateway.changes.list().map(({ outcome }) => outcome)).toEqual(['refused'])
  expect(await gateway.swap('numbers')).toMatchObject({ generation: 3 })
})

test('a generation whose open fails leaves the old one untouched, and what it was lent is taken back', async () => {
  const { bench, hand, shelf, gateway } = await running()
  let lent: AbortSignal | undefined
  const bad = bench.plugin(
    'input',
    'numbers',
    ({ signal }) => {
      lent = signal
      throw new Error('no license')
    },
    { version: '2.0.0' },
  )
  await expect(gateway.swap('numbers', bad)).rejects.toMatchObject({ code: 'SG_SWAP_FAILED' })
  expect(lent!.aborted).toBe(true)
  await hand.deliver('numbers', 1)
  expect(shelf.ids).toEqual([1])
})

test.each(['./nowhere', 'not-installed'])(
  'a folder that is not there (%s) leaves the old one untouched',
  async (source) => {
    const { hand, gateway } = await running()
    await expect(gateway.swap('numbers', source)).rejects.toMatchObject({ code: 'SG_SWAP_FAILED' })
    await hand.deliver('numbers', 1)
  },
)

test('a plugin of another kind, and an instance that is none, are refused', async () => {
  const { bench, gateway } = await running()
  const output = bench.plugin('output', 'other', makeShelf().open)
  const error: unknown = await gateway.swap('numbers', output).catch((thrown: unknown) => thrown)
  expect(reasonOf(error)).toContain('is a plugin of kind "output", needed here is "input"')
  await expect(gateway.swap('nobody')).rejects.toMatchObject({ code: 'SG_UNKNOWN_INSTANCE' })
})

test('two swaps at once go one after the other, none is swallowed', async () => {
  const { bench, hand, shelf, gateway } = await running()
  const folders = [1, 2, 3].map((i) =>
    bench.plugin('input', 'numbers', decoder(i * 1000), { version: `${i}.1.0` }),
  )
  const swapped = await Promise.all(folders.map((folder) => gateway.swap('numbers', folder)))
  expect(swapped.map(({ generation, version }) => `${generation} ${version}`)).toEqual([
    '2 1.1.0',
    '3 2.1.0',
    '4 3.1.0',
  ])
  await hand.deliver('numbers', 1)
  expect(shelf.ids).toEqual([3001])
})

test('messages that wait while the old decoder is stuck are decoded by the new one', async () => {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  let open = false
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      shelf: {
        plugin: bench.plugin('output', 'shelf', () => ({
          ...shelf.open(),
          write: async (batch) => {
            await until('the shelf is open', () => open)
            await shelf.open().write(batch)
          },
        })),
        queue: { max: '1KiB' },
      },
    },
  })
  await gateway.start()
  const first = hand.deliver('numbers', ...range(0, 100))
  await until('the queue is full', () => hand.intakes.get('numbers')!.full)
  const waiting = hand.deliver('numbers', 100)
  await gateway.swap('numbers', bench.plugin('input', 'numbers', decoder(1000), { version: '2.0.0' }))
  open = true
  await Promise.all([first, waiting])
  expect(shelf.ids).toEqual([...range(0, 100), 1100])
})

test('a session that was swapped in and is lost comes back in the same version', async () => {
  const { bench, hand, shelf, gateway } = await running()
  const contexts: InputContext[] = []
  const open = (context: InputContext) => {
    contexts.push(context)
    return decoder(1000)()
  }
  await gateway.swap('numbers', bench.plugin('input', 'numbers', open, { version: '2.0.0' }))
  contexts[0]!.fail(new Error('gone'))
  await until('it is open again', () => contexts.length === 2 && viewOf(gateway, 'numbers').state === 'ready')
  await until('it is subscribed again', () => hand.intakes.has('numbers'))
  await hand.deliver('numbers', 1)
  expect([shelf.ids, viewOf(gateway, 'numbers').version]).toEqual([[1001], '2.0.0'])
})

test('a series keeps its object through a swap', async () => {
  const { bench, hand, gateway } = await running()
  const seen: Series[] = []
  const open = ({ series }: InputContext) => ({
    decode() {
      seen.push((series.lookup('k') ?? series.intern('k', [{ ...SERIES, labels: { host: 'x' } }]))[0]!)
    },
  })
  for (const version of ['2.0.0', '3.0.0']) {
    await gateway.swap('numbers', bench.plugin('input', 'numbers', open, { version }))
    await hand.deliver('numbers')
    await hand.deliver('numbers')
  }
  expect([seen.length, new Set(seen).size, gateway.registry.inputs[0]!.series.size]).toEqual([4, 1, 1])
})

test('a swap that comes with or after the stop is refused, and nothing is left open', async () => {
  const { bench, gateway } = await running()
  let open = 0
  const plugin = bench.plugin(
    'output',
    'shelf',
    () => {
      open++
      return { async write() {}, stop: () => void open-- }
    },
    { version: '2.0.0' },
  )
  const swaps = [gateway.swap('shelf', plugin), gateway.stop(), gateway.swap('shelf', plugin)]
  await Promise.allSettled(swaps)
  await expect(gateway.swap('shelf', plugin)).rejects.toMatchObject({ code: 'SG_STOPPING' })
  expect(open).toBe(0)
})
