import { expect, test } from 'vitest'
import { aSeries, testStore } from '../test/fixture.ts'

const cpu = aSeries('cpu', { host: 'a' })

test('a sample is shown until the next one of its series', async () => {
  const store = testStore()
  store.write([cpu, 1])
  store.write([cpu, 2])
  expect(await store.lines()).toEqual(['cpu{host="a"} 2'])
})

test('within a batch the last of equal times wins', async () => {
  const store = testStore()
  store.write([cpu, 1, 5000], [cpu, 2, 5000])
  expect(await store.lines()).toEqual(['cpu{host="a"} 2'])
})

test('of two samples the newest time wins, not the last arrival', async () => {
  const store = testStore()
  store.write([cpu, 2, 60_000])
  store.write([cpu, 1, 59_999], [cpu, 0, 10_000])
  expect(await store.lines()).toEqual(['cpu{host="a"} 2'])
  expect(store.seen.stale).toBe(2)
})

test('a sample older by more than the expiry window is taken: the clock of its source was set back', async () => {
  const store = testStore()
  store.write([cpu, 2, 60_000])
  store.write([cpu, 1, 9999])
  expect(await store.lines()).toEqual(['cpu{host="a"} 1'])
  store.write([cpu, 3, 10_000])
  expect(await store.lines()).toEqual(['cpu{host="a"} 3'])
  expect(store.seen.stale).toBe(0)
})

test('the window of a series without an interval is the fixed one', async () => {
  const store = testStore()
  const series = aSeries('x', {}, { intervalMs: 0 })
  store.write([series, 2, 400_000])
  store.write([series, 1, 100_000])
  expect(await store.lines()).toEqual(['x 2'])
  store.write([series, 1, 99_999])
  expect(await store.lines()).toEqual(['x 1'])
})

test('a sample without a time wins by arriving last, and so does the one after it', async () => {
  const store = testStore()
  store.write([cpu, 2, 60_000])
  store.write([cpu, 1])
  expect(await store.lines()).toEqual(['cpu{host="a"} 1'])
  store.write([cpu, 3, 59_000])
  expect(await store.lines()).toEqual(['cpu{host="a"} 3'])
})

test('an expired series starts anew, whatever time it had', async () => {
  const store = testStore()
  store.write([cpu, 2, 60_000])
  store.time.nowMs += 50_001
  store.write([cpu, 1, 59_000])
  expect(await store.lines()).toEqual(['cpu{host="a"} 1'])
})

test('an old sample still shows that its series is alive', async () => {
  const store = testStore()
  store.write([cpu, 2, 60_000])
  store.time.nowMs += 30_000
  store.write([cpu, 1, 59_000])
  store.time.nowMs += 30_000
  expect(await store.lines()).toEqual(['cpu{host="a"} 2'])
})

test('times that are no times hurt nobody', async () => {
  const store = testStore()
  for (const time of [NaN, Infinity, 1000, -Infinity, -5, 2000]) store.write([cpu, time, time])
  expect(await store.lines()).toEqual(['cpu{host="a"} 2000'])
})

test('another object with the same name and labels is the same series, in any order of labels', async () => {
  const store = testStore()
  store.write([aSeries('x', { a: '1', b: '2' }), 1])
  store.write([aSeries('x', { b: '2', a: '1' }), 2])
  expect(await store.lines()).toEqual(['x{a="1",b="2"} 2'])
  expect(store.state.size).toBe(1)
})

test('labels are told apart at their borders', async () => {
  const store = testStore()
  store.write([aSeries('x', { a: 'ab', b: 'c' }), 1], [aSeries('x', { a: 'a', b: 'bc' }), 2])
  expect(await store.lines()).toEqual(['x{a="ab",b="c"} 1', 'x{a="a",b="bc"} 2'])
})

test('names that come out equal are one family, and equal labels in it one series', async () => {
  const store = testStore()
  store.write(
    [aSeries('a-b', { x: '1' }), 1],
    [aSeries('a.b', { x: '1' }), 2],
    [aSeries('a.b', { x: '2' }), 3],
  )
  expect(await store.lines()).toEqual(['a_b{x="1"} 2', 'a_b{x="2"} 3'])
})

test('the first type of a name wins and the conflict is reported for each series', async () => {
  const store = testStore()
  const counter = aSeries('x', { a: '2' }, { type: 'counter' })
  store.write([aSeries('x', { a: '1' }), 1], [counter, 2])
  store.write([counter, 3])
  expect(await store.text()).toBe('# HELP x x\n# TYPE x gauge\nx{a="1"} 1\nx{a="2"} 3\n')
  expect(store.seen.conflicts).toEqual(['x gauge/counter'])
})

test('a type that Prometheus does not know is untyped', async () => {
  const store = testStore()
  store.write([aSeries('x', {}, { type: 'histogram' as 'gauge' }), 1])
  expect(await store.text()).toBe('# HELP x x\n# TYPE x untyped\nx 1\n')
})

test('past the limit new series are refused and counted, known ones go on', async () => {
  const store = testStore({ maxSeries: 2 })
  store.write([aSeries('a'), 1], [aSeries('b'), 1], [aSeries('c'), 1], [aSeries('a', { x: '1' }), 1])
  store.write([aSeries('a'), 2])
  expect(await store.lines()).toEqual(['a 2', 'b 1'])
  expect(store.seen.refused).toBe(2)
  expect(store.state.families.size).toBe(2)
})

test.each([
  ['8 KiB', 'a', { x: 'y'.repeat(8192 - 'a{x=""}'.length) }, true],
  ['a byte more', 'a', { x: 'y'.repeat(8193 - 'a{x=""}'.length) }, false],
  ['8 KiB of characters with more bytes', 'a', { x: 'é'.repeat(8192 - 'a{x=""}'.length) }, false],
  ['8 KiB that grow when they are escaped', 'a', { x: '"'.repeat(5000) }, false],
  ['a long name', 'a'.repeat(8193), {}, false],
  ['4 MB', 'a', { host: 'h'.repeat(4_000_000) }, false],
])('a series of %s is taken or refused by its length on the page', async (_, name, labels, taken) => {
  const store = testStore()
  const series = aSeries(name, labels, { intervalMs: 1e12 })
  for (let round = 0; round < 2; round++) store.write([series, 1], [series, 2], [aSeries('b'), 3])
  expect(await store.lines()).toHaveLength(taken ? 2 : 1)
  expect(store.state.size).toBe(taken ? 2 : 1)
  expect(store.state.families.has('b')).toBe(true)
  expect(store.state.families.size).toBe(taken ? 2 : 1)
  expect(store.seen.oversized).toEqual(taken ? [] : [`2 ${name}`, `2 ${name}`])
  expect(store.seen.refused).toBe(0)
})

test('many series keep their own values while the store grows', async () => {
  const store = testStore({ maxSeries: 5000 })
  const many = Array.from({ length: 3000 }, (_, i) => aSeries('x', { i: `${i}` }))
  store.write(...many.map((series, i): [typeof series, number] => [series, i]))
  expect(await store.lines()).toEqual(many.map((_, i) => `x{i="${i}"} ${i}`))
})

test('a new announcement of the interval counts from then on', async () => {
  const store = testStore()
  store.write([aSeries('x', {}, { intervalMs: 1000 }), 1])
  store.write([aSeries('x', {}, { intervalMs: 60_000 }), 2])
  store.time.nowMs += 100_000
  expect(await store.lines()).toEqual(['x 2'])
})
