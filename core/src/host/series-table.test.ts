import { expect, test } from 'vitest'
import type { Series } from '@smart-gateway/sdk'
import { InstanceSeries } from './series-table.ts'

function series(name: string, labels: Record<string, string> = {}, more: Partial<Series> = {}): Series {
  return { name, labels, type: 'gauge', intervalMs: 0, ...more }
}

/** Runs a whole sweep. */
function sweep(table: InstanceSeries): void {
  for (const _ of table.sweep());
}

test('a series that was interned is looked up as the same, frozen object', () => {
  const table = new InstanceSeries(10).viewOf(1)
  expect(table.lookup('k')).toBeUndefined()
  const interned = table.intern('k', [series('a', { host: 'x' }), series('b')])
  expect(table.lookup('k')).toBe(interned)
  expect(interned).toEqual([series('a', { host: 'x' }), series('b')])
  expect([Object.isFrozen(interned[0]), Object.isFrozen(interned[0]!.labels)]).toEqual([true, true])
})

test('a later generation has to intern anew, and gets the same objects for what is the same', () => {
  const table = new InstanceSeries(10)
  const [a, b] = table.viewOf(1).intern('k', [series('a', { host: 'x', cpu: '0' }), series('b')])
  const later = table.viewOf(2)
  expect(later.lookup('k')).toBeUndefined()
  const [same, other] = later.intern('k', [
    series('a', { cpu: '0', host: 'x' }),
    series('b', {}, { unit: 'bytes' }),
  ])
  expect(same).toBe(a)
  expect(other).not.toBe(b)
  expect(later.lookup('k')).toEqual([same, other])
})

test.each<[string, Series]>([
  ['another name', series('b', { host: 'x' })],
  ['another label value', series('a', { host: 'y' })],
  ['one label more', series('a', { host: 'x', cpu: '0' })],
  ['another label name', series('a', { constructor: 'x' })],
  ['another type', series('a', { host: 'x' }, { type: 'counter' })],
  ['another interval', series('a', { host: 'x' }, { intervalMs: 10_000 })],
  ['a help', series('a', { host: 'x' }, { help: 'What.' })],
])('a series with %s is another series', (_, other) => {
  const view = new InstanceSeries(10).viewOf(1)
  const [before] = view.intern('k', [series('a', { host: 'x' })])
  expect(view.intern('k', [other])[0]).not.toBe(before)
})

test('labels named as JavaScript names things stay labels', () => {
  const labels = JSON.parse('{"__proto__":"p","constructor":"c","toString":"t"}') as Record<string, string>
  const [interned] = new InstanceSeries(10).viewOf(1).intern('k', [series('a', labels)])
  expect(Object.entries(interned!.labels)).toEqual(Object.entries(labels))
})

test('past its limit series are usable, counted and not stored; known keys go on', () => {
  const table = new InstanceSeries(2)
  const view = table.viewOf(1)
  for (const key of ['a', 'b', 'c', 'c']) expect(view.intern(key, [series(key)])[0]!.name).toBe(key)
  expect([table.size, table.refused]).toEqual([2, 2])
  expect([view.lookup('a'), view.lookup('c')]).toEqual([[series('a')], undefined])
  expect(table.viewOf(2).intern('a', [series('a')])[0]).toBe(view.intern('a', [series('a')])[0])
})

test('what is not looked up for a whole round between sweeps is forgotten, what is stays', () => {
  const table = new InstanceSeries(10)
  const view = table.viewOf(1)
  for (const key of ['seen', 'unseen']) view.intern(key, [series(key)])
  const before = view.lookup('seen')
  sweep(table)
  expect(table.size).toBe(2)
  expect(view.lookup('seen')).toBe(before)
  sweep(table)
  expect(table.size).toBe(1)
  expect(view.lookup('unseen')).toBeUndefined()
  for (let round = 0; round < 5; round++) {
    expect(view.lookup('seen')).toBe(before)
    sweep(table)
  }
  sweep(table)
  expect(table.size).toBe(0)
})

test('a sweep of a large table gives way, and what comes meanwhile is kept', () => {
  const table = new InstanceSeries(100_000)
  const view = table.viewOf(1)
  for (let i = 0; i < 25_000; i++) view.intern(`${i}`, [series('a')])
  sweep(table)
  let pauses = 0
  for (const _ of table.sweep()) {
    pauses++
    view.intern(`new ${pauses}`, [series('b')])
  }
  expect([pauses, table.size]).toEqual([2, 2])
})
