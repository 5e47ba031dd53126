import { expect, test } from 'vitest'
import { aSeries, EXPIRY, readAll, seededRandom, testStore } from '../test/fixture.ts'
import { parsePage } from '../test/page-parser.ts'
import type { PageKind } from '../test/page-parser.ts'
import { createSweep } from './expiry.ts'

const kinds: PageKind[] = ['text', 'openmetrics']

function counters(name: string, count: number) {
  return Array.from({ length: count }, (_, i) =>
    aSeries(name, { host: `compute-${i}.localdomain` }, { type: 'counter' }),
  )
}

function smallStore() {
  const store = testStore()
  store.write(
    [
      aSeries(
        'collectd_cpu_percent',
        { host: 'a', type_instance: 'user' },
        { help: 'CPU "time"\nin \\ percent' },
      ),
      7.959,
      1_578_677_542_547.4,
    ],
    [aSeries('collectd_if_rx_total', { host: 'a' }, { type: 'counter' }), 12, 1_578_677_542_000],
    [aSeries('ceilometer_cpu', { host: 'a' }, { type: 'counter' }), 347_670_000_000],
    [aSeries('collectd_cpu_percent', { host: 'a', type_instance: 'idle' }), NaN, NaN],
    [aSeries('collectd_metric', {}, { type: 'untyped' }), -Infinity, 1e300],
  )
  return store
}

test('a text page, exactly', async () => {
  expect(await smallStore().text()).toBe(
    `# HELP collectd_cpu_percent CPU "time"\\nin \\\\ percent
# TYPE collectd_cpu_percent gauge
collectd_cpu_percent{host="a",type_instance="user"} 7.959
collectd_cpu_percent{host="a",type_instance="idle"} NaN
# HELP collectd_if_rx_total collectd_if_rx_total
# TYPE collectd_if_rx_total counter
collectd_if_rx_total{host="a"} 12
# HELP ceilometer_cpu ceilometer_cpu
# TYPE ceilometer_cpu counter
ceilometer_cpu{host="a"} 347670000000
# HELP collectd_metric collectd_metric
# TYPE collectd_metric untyped
collectd_metric -Inf
`,
  )
})

test('an OpenMetrics page with times, exactly', async () => {
  expect(await smallStore().text('openmetrics', true)).toBe(
    `# HELP collectd_cpu_percent CPU \\"time\\"\\nin \\\\ percent
# TYPE collectd_cpu_percent gauge
collectd_cpu_percent{host="a",type_instance="user"} 7.959 1578677542.5474
collectd_cpu_percent{host="a",type_instance="idle"} NaN
# HELP collectd_if_rx collectd_if_rx_total
# TYPE collectd_if_rx counter
collectd_if_rx_total{host="a"} 12 1578677542
# HELP ceilometer_cpu ceilometer_cpu
# TYPE ceilometer_cpu unknown
ceilometer_cpu{host="a"} 347670000000
# HELP collectd_metric collectd_metric
# TYPE collectd_metric unknown
collectd_metric -Inf
# EOF
`,
  )
})

test('text times are whole milliseconds', async () => {
  expect(await smallStore().text('text', true)).toContain('7.959 1578677542547\n')
})

test('an empty page is valid', async () => {
  expect(await testStore().text()).toBe('')
  expect(await testStore().text('openmetrics')).toBe('# EOF\n')
})

test('OpenMetrics names that would clash do not, whichever comes first', async () => {
  const names = [
    'x',
    'x_total',
    'x_created',
    'x_created_total',
    'x_total_total',
    'x_total_created',
    'x_created_created_total',
    '_total',
  ]
  for (const type of ['counter', 'gauge'] as const) {
    for (let turn = 0; turn < names.length; turn++) {
      for (const order of [names, names.toReversed()]) {
        const store = testStore()
        const turned = [...order.slice(turn), ...order.slice(0, turn)]
        for (const [i, name] of turned.entries()) {
          store.write([aSeries(name, {}, { type: i % 3 === 0 ? type : 'counter' }), i])
          for (const kind of kinds) expect(parsePage(await store.text(kind), kind)).toHaveLength(i + 1)
        }
      }
    }
  }
})

test('a counter alone keeps its type in OpenMetrics', async () => {
  const store = testStore()
  store.write(
    [aSeries('x_total', {}, { type: 'counter' }), 1],
    [aSeries('y_created_total', {}, { type: 'counter' }), 1],
  )
  expect(parsePage(await store.text('openmetrics'), 'openmetrics')).toMatchObject([
    { name: 'x', type: 'counter' },
    { name: 'y_created', type: 'counter' },
  ])
})

test('hostile names, labels, values and help make a valid page', async () => {
  const hostile = [
    '',
    '\n',
    '"',
    '\\',
    '\\n',
    '{',
    '}',
    '#',
    '# EOF\n',
    '__name__',
    '0',
    'é',
    '😀',
    '\ud800',
    '\udc00\ud800',
    '\0',
    '\r',
    '\u2028',
    'a b',
    ',',
    '=',
    'le',
    'constructor',
    '__proto__',
    'x'.repeat(5000),
  ]
  const store = testStore({ maxSeries: 10_000 })
  for (const a of hostile) {
    for (const b of hostile) {
      const labels = Object.fromEntries([
        [a, b],
        [b, a],
        [`${a}${b}`, 'x'],
        [`${a}-`, 'y'],
        [`${a}.`, 'z'],
      ])
      store.write([aSeries(a, labels, { help: b }), a.length])
    }
  }
  for (const kind of kinds) {
    const page = await readAll(store.page(kind))
    const families = parsePage(page, kind)
    expect(families.flatMap((family) => family.samples)).toHaveLength(store.state.size)
  }
  expect(store.state.size).toBeGreaterThan(hostile.length * 10)
})

test('seeded random series, times and expiry never break a page', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
    const word = () =>
      Array.from({ length: Math.floor(random() * 4) }, () =>
        pick(['a', 'b', '_', '-', '.', '0', ':', '"', '\\', '\n', 'é', '\ud83d', '_total', '_created']),
      ).join('')
    const store = testStore({ maxSeries: 300 })
    const sweep = createSweep(store.state, EXPIRY, () => store.time.nowMs)
    const made = Array.from({ length: 400 }, () =>
      aSeries(
        word(),
        Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [word(), word()])),
        {
          type: pick(['counter', 'gauge', 'untyped'] as const),
          intervalMs: pick([0, 10, 1000, 10_000]),
          ...(random() < 0.3 && { help: word() }),
        },
      ),
    )
    const half = { text: store.page('text', true), openmetrics: store.page('openmetrics', true) }
    for (let round = 0; round < 20; round++) {
      const value = () => pick([0, -1, NaN, Infinity, -Infinity, random() * 1e300, random()])
      const time = () => pick([0, store.time.nowMs, store.time.nowMs - random() * 1e5, -1, NaN, 1e300])
      for (let i = 0; i < 50; i++) store.write([pick(made), value(), time()])
      store.time.nowMs += random() * 20_000
      if (random() < 0.5) sweep()
      for (const kind of kinds) parsePage(await store.text(kind, random() < 0.5), kind)
    }
    for (const kind of kinds) parsePage(await readAll(half[kind]), kind)
  }
})

test('two servers read different pages at once while samples arrive, series go and come back', async () => {
  const store = testStore({ maxSeries: 50_000 })
  const sweep = createSweep(store.state, EXPIRY, () => store.time.nowMs)
  const stays = counters('stays_total', 8000)
  const leaves = counters('leaves_total', 8000)
  const write = (many: typeof stays, value: number) =>
    store.write(...many.map((series): [typeof series, number] => [series, value]))
  write(leaves, 1)
  write(stays, 1)

  const pages = [store.page('text'), store.page('openmetrics')]
  const read: Uint8Array[][] = [[], []]
  const readOne = async () => {
    const results = await Promise.all(pages.map((page) => page.next()))
    for (const [i, { value }] of results.entries()) if (value !== undefined) read[i]?.push(value)
    return results.every(({ done }) => done)
  }
  // Both have begun; everything expires and is removed, but what comes in again at once.
  await readOne()
  await readOne()
  store.time.nowMs += 50_001
  write(stays, 2)
  for (const families = store.state.families; families.has('leaves_total');) sweep()
  write(leaves, 3)
  store.write([aSeries('stays', {}), 1])
  while (!(await readOne()));

  for (const [i, kind] of kinds.entries()) {
    const families = parsePage(Buffer.concat(read[i] as Uint8Array[]), kind)
    expect(families).toHaveLength(2)
    const [left, stayed] = families
    expect(left?.samples.length).toBeGreaterThan(100)
    expect(left?.samples.length).toBeLessThan(8000)
    expect(left?.samples.every(({ value }) => value === 1)).toBe(true)
    expect(stayed?.samples).toHaveLength(8000)
    expect(stayed?.samples.every(({ value }) => value === 2)).toBe(true)
  }
  expect(
    parsePage(await store.text('openmetrics'), 'openmetrics').map(({ samples }) => samples.length),
  ).toEqual([8000, 8000, 1])
})

/** Counts the event loop's turns while `page` is read on a slow machine: a clock on which a millisecond passes at each look. */
async function readSlowly(store: ReturnType<typeof testStore>) {
  const sizes: number[] = []
  let turns = 0
  let reading = true
  const count = () => {
    turns++
    if (reading) setImmediate(count)
  }
  setImmediate(count)
  for await (const piece of store.page('text', false, () => store.time.nowMs++)) sizes.push(piece.length)
  reading = false
  return { sizes, turns }
}

test('a large page comes in pieces of bounded size, and the event loop turns in between', async () => {
  const store = testStore({ maxSeries: 50_000 })
  for (let i = 0; i < 50_000; i++)
    store.write([aSeries('x', { host: `compute-${i}.localdomain`, more: 'y'.repeat(50) }), i])
  const { sizes, turns } = await readSlowly(store)
  expect(sizes.length).toBeGreaterThan(30)
  expect(Math.max(...sizes)).toBeLessThan(140 * 1024)
  expect(turns).toBeGreaterThan(sizes.length / 4)
})

test('the event loop turns too while there is nothing to show', async () => {
  const store = testStore({ maxSeries: 50_000 })
  for (let i = 0; i < 50_000; i++) store.write([aSeries('x', { i: `${i}` }), i])
  store.time.nowMs += 50_001
  const { sizes, turns } = await readSlowly(store)
  expect(sizes).toEqual([])
  expect(turns).toBeGreaterThan(5)
})
