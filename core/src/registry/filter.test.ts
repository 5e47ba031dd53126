import { expect, test } from 'vitest'
import { keepRecords, permanent } from '@smart-gateway/sdk'
import type { FilterSession } from '@smart-gateway/sdk'
import type { Change } from '../change/change.ts'
import type { Letter } from '../dead-letters/letter.ts'
import { residual } from '../pipeline/ledger.ts'
import { makeBench, viewOf } from '../testing/bench.ts'
import type { Bench } from '../testing/bench.ts'
import type { Gateway } from '../gateway.ts'
import { idsOf, SERIES } from '../testing/records.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'

/** A filter that takes away what is not good. */
function keeping(isGood: (value: number) => boolean): () => FilterSession {
  return () => ({
    apply: (batch) =>
      batch.signal === 'metric' ? keepRecords(batch, (i) => isGood(batch.values[i]!)) : batch,
  })
}

async function reloaded(gateway: Gateway): Promise<Change> {
  const change = gateway.reconciler.reload('api')
  await change.done
  return change
}

const TOKEN = 'a-token-of-the-test'

interface Place {
  readonly input?: readonly string[]
  readonly output?: readonly string[]
  readonly required?: boolean
}

function configuration(
  bench: Bench,
  hand: ReturnType<typeof makeHand>,
  shelf: ReturnType<typeof makeShelf>,
  { input = [], output = [], required = true }: Place,
) {
  return {
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: {
      numbers: {
        plugin: bench.plugin('input', 'numbers', decoder()),
        from: { transport: 'hand' },
        filters: input,
      },
    },
    outputs: {
      shelf: {
        plugin: bench.plugin('output', 'shelf', shelf.open, { signals: ['metric'] }),
        filters: output,
        required,
      },
    },
  }
}

async function setUp(place: Place, open: () => FilterSession) {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const gateway = bench.gateway({
    ...configuration(bench, hand, shelf, place),
    gateway: { admin: { port: 0, token: TOKEN } },
    filters: { sieve: { plugin: bench.plugin('filter', 'sieve', open) } },
  })
  await gateway.start()
  return { bench, hand, shelf, gateway, deliver: hand.deliver.bind(hand) }
}

function books({ registry }: Gateway) {
  const [input] = registry.inputs
  const [output] = registry.outputs
  const { records, filtered, undecodable, empty, settled, refused } = input!.intake.counts
  const inFlight = [...output!.holds.inFlight.values()].reduce((sum, count) => sum + count, 0)
  return {
    input: {
      records,
      filtered,
      undecodable,
      empty,
      settled,
      refused,
      unaccounted: input!.intake.unaccounted,
    },
    edge: output!.queue.ledger.total,
    residual: residual(output!.queue.ledger.total, inFlight),
  }
}

test("an input's filter sees its records before they are routed", async () => {
  const { deliver, shelf, gateway } = await setUp(
    { input: ['sieve'] },
    keeping((value) => value < 10),
  )
  await Promise.all([deliver('numbers', 1, 20, 3), deliver('numbers', 30), deliver('numbers')])
  expect(shelf.ids).toEqual([1, 3])
  expect(books(gateway)).toMatchObject({
    input: { records: 2, filtered: 2, empty: 1, settled: 3, unaccounted: 0 },
    edge: { routed: 2, delivered: 2, filtered: 0 },
    residual: 0,
  })
})

test("an output's filter sees its records before they enter its queue, those of other outputs are not touched", async () => {
  const bench = await makeBench()
  const [hand, shelf, drawer] = [makeHand(), makeShelf(), makeShelf()]
  const config = configuration(bench, hand, shelf, { output: ['sieve'] })
  const gateway = bench.gateway({
    ...config,
    filters: {
      sieve: {
        plugin: bench.plugin(
          'filter',
          'sieve',
          keeping((value) => value < 10),
        ),
      },
    },
    outputs: { ...config.outputs, drawer: { plugin: bench.plugin('output', 'drawer', drawer.open) } },
  })
  await gateway.start()
  await Promise.all([hand.deliver('numbers', 1, 20), hand.deliver('numbers', 30)])
  expect([shelf.ids, drawer.ids]).toEqual([[1], [1, 20, 30]])
  expect(books(gateway)).toMatchObject({ edge: { routed: 3, delivered: 1, filtered: 2 }, residual: 0 })
  const page = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  expect(page).toContain('smart_gateway_edge_records_total{input="numbers",output="shelf",fate="filtered"} 2')
  expect(page).toMatch(
    /smart_gateway_component_received_records_total\{component="sieve",kind="filter",.*\} 3/,
  )
})

test('before a disk queue a message is settled when what is left of it is on the disk', async () => {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const config = configuration(bench, hand, shelf, { output: ['sieve'] })
  const gateway = bench.gateway({
    ...config,
    filters: {
      sieve: {
        plugin: bench.plugin(
          'filter',
          'sieve',
          keeping((value) => value < 10),
        ),
      },
    },
    outputs: { shelf: { ...config.outputs.shelf, queue: { type: 'disk' } } },
  })
  await gateway.start()
  await Promise.all([1, 20, 3, 40].map((number) => hand.deliver('numbers', number, number + 1)))
  await until('it is written', () => shelf.ids.length === 4)
  expect(shelf.ids).toEqual([1, 2, 3, 4])
  await until('the rows have gone', () => books(gateway).edge.delivered === 4)
  expect(books(gateway)).toMatchObject({ edge: { routed: 8, delivered: 4, filtered: 4 }, residual: 0 })
})

test("a message that an input's filter throws on is refused and kept, and the others go on", async () => {
  const { deliver, shelf, gateway } = await setUp({ input: ['sieve'] }, () => ({
    apply(batch) {
      if (idsOf(batch).includes(3)) throw permanent('three!')
      return batch
    },
  }))
  const fates = await Promise.allSettled([
    deliver('numbers', 1),
    deliver('numbers', 2, 3),
    deliver('numbers', 4),
  ])
  expect(fates.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(fates[1]).toMatchObject({ reason: { message: 'the filter sieve failed: three!', retryable: false } })
  expect(shelf.ids).toEqual([1, 4])
  expect(books(gateway)).toMatchObject({ input: { undecodable: 1, refused: 1, unaccounted: 0 }, residual: 0 })
})

test("a record that an output's filter throws on is a dead letter, and can be replayed through a mended one", async () => {
  const { bench, deliver, shelf, gateway } = await setUp({ output: ['sieve'] }, () => ({
    apply(batch) {
      if (idsOf(batch).includes(3)) throw new Error('three!')
      return batch
    },
  }))
  await expect(deliver('numbers', 2, 3, 4)).rejects.toMatchObject({ retryable: false })
  expect(shelf.ids).toEqual([2, 4])
  const listed = await fetch(`${gateway.adminUrl}/api/v1/dead-letters`)
  const { letters } = (await listed.json()) as { letters: object[] }
  expect(letters).toMatchObject([
    { kind: 'record', instance: 'shelf', reason: 'the filter sieve failed: three!' },
  ])
  await gateway.swap(
    'sieve',
    bench.plugin(
      'filter',
      'sieve',
      keeping(() => true),
      { version: '2.0.0' },
    ),
  )
  const replayed = await fetch(`${gateway.adminUrl}/api/v1/dead-letters/replay`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ all: true }),
  })
  expect([replayed.status, shelf.ids]).toEqual([200, [2, 4, 3]])
  expect(books(gateway)).toMatchObject({ edge: { routed: 4, delivered: 3, rejected: 1 }, residual: 0 })
  expect(gateway.registry.filters[0]!.sieve.counts).toMatchObject({ filtered: 0 })
})

test.each([{ input: ['sieve'] }, { output: ['sieve'] }])(
  'while a filter is not open messages wait, and none passes unfiltered: %j',
  async (place) => {
    let works = false
    const { deliver, shelf, gateway, hand } = await setUp(place, () => {
      if (!works) throw new Error('not yet')
      return keeping((value) => value < 10)()
    })
    const fate = Promise.all([deliver('numbers', 1, 20), deliver('numbers', 30)])
    expect([hand.intakes.get('numbers')!.full, shelf.ids]).toEqual([true, []])
    expect(viewOf(gateway, 'sieve')).toMatchObject({ state: 'failed' })
    const waiting = viewOf(gateway, place.input === undefined ? 'shelf' : 'numbers')
    expect(waiting).toMatchObject({ state: 'degraded', reason: expect.stringContaining('its filter sieve') })
    works = true
    await fate
    expect(shelf.ids).toEqual([1])
    expect(hand.intakes.get('numbers')!.full).toBe(false)
  },
)

test('before an optional output, what comes while its filter is not open is let go of, and counted', async () => {
  const { deliver, shelf, gateway } = await setUp({ output: ['sieve'], required: false }, () => {
    throw new Error('never')
  })
  await deliver('numbers', 1, 2)
  expect(shelf.ids).toEqual([])
  expect(books(gateway)).toMatchObject({ edge: { routed: 2, unfiltered: 2 }, residual: 0 })
})

test('a dead letter is not replayed past a filter that is not open', async () => {
  const { gateway, shelf } = await setUp({ output: ['sieve'] }, () => {
    throw new Error('never')
  })
  const record = { series: SERIES, value: 1, timeMs: 0 }
  const letter = { id: 1, kind: 'record', instance: 'shelf', signal: 'metric', body: JSON.stringify(record) }
  await expect(gateway.registry.redeliver(letter as unknown as Letter)).rejects.toMatchObject({
    code: 'SG_NO_FILTER',
  })
  expect([shelf.ids, gateway.registry.outputs[0]!.holds.inFlight.size]).toEqual([[], 0])
})

test('a filter that is lost holds what comes until it is open again', async () => {
  let lose: (() => void) | undefined
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const opened: number[] = []
  const gateway = bench.gateway({
    ...configuration(bench, hand, shelf, { input: ['sieve'] }),
    filters: {
      sieve: {
        plugin: bench.plugin('filter', 'sieve', ({ fail }) => {
          opened.push(1)
          lose = () => fail(new Error('gone'))
          return keeping((value) => value < 10)()
        }),
      },
    },
  })
  await gateway.start()
  await hand.deliver('numbers', 1)
  lose!()
  await until('it is lost', () => hand.intakes.get('numbers')!.full)
  await hand.deliver('numbers', 2, 20)
  expect([shelf.ids, opened.length]).toEqual([[1, 2], 2])
})

test('a filter is swapped between two batches', async () => {
  const { bench, deliver, shelf, gateway } = await setUp(
    { output: ['sieve'] },
    keeping((value) => value < 10),
  )
  await deliver('numbers', 1, 20)
  await gateway.swap(
    'sieve',
    bench.plugin(
      'filter',
      'sieve',
      keeping((value) => value > 10),
      { version: '2.0.0' },
    ),
  )
  await deliver('numbers', 1, 20)
  expect(shelf.ids).toEqual([1, 20])
  expect(viewOf(gateway, 'sieve')).toMatchObject({
    kind: 'filter',
    state: 'ready',
    version: '2.0.0',
    generation: 2,
  })
})

test('filters come and go with an edited startup.yaml, without a new generation of who names them', async () => {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const sieve = {
    plugin: bench.plugin(
      'filter',
      'sieve',
      keeping((value) => value < 10),
    ),
  }
  const plain = configuration(bench, hand, shelf, {})
  bench.write(plain)
  const gateway = bench.gatewayOfFile()
  await gateway.start()
  await hand.deliver('numbers', 20)
  for (const place of [{ input: ['sieve'] }, { output: ['sieve'] }]) {
    bench.write({ ...configuration(bench, hand, shelf, place), filters: { sieve } })
    expect((await reloaded(gateway)).outcome).toBe('succeeded')
    await hand.deliver('numbers', 2, 30)
  }
  bench.write(plain)
  expect((await reloaded(gateway)).outcome).toBe('succeeded')
  await hand.deliver('numbers', 40)
  expect(shelf.ids).toEqual([20, 2, 2, 40])
  expect(['numbers', 'shelf'].map((name) => viewOf(gateway, name).generation)).toEqual([1, 1])
  expect(viewOf(gateway, 'sieve')).toBeUndefined()
  expect(books(gateway)).toMatchObject({ residual: 0, input: { unaccounted: 0 } })
})

test('an output does not take a filter that could not be added', async () => {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  bench.write(configuration(bench, hand, shelf, {}))
  const gateway = bench.gatewayOfFile()
  await gateway.start()
  const broken = bench.plugin('filter', 'sieve', () => {
    throw new Error('no luck')
  })
  bench.write({
    ...configuration(bench, hand, shelf, { output: ['sieve'] }),
    filters: { sieve: { plugin: broken } },
  })
  expect((await reloaded(gateway)).outcome).toBe('refused')
  await hand.deliver('numbers', 20)
  expect(shelf.ids).toEqual([20])
})
