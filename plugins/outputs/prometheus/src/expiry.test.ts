import { expect, test } from 'vitest'
import { aSeries, EXPIRY, testStore } from '../test/fixture.ts'
import { createSweep } from './expiry.ts'

const slow = aSeries('slow', {}, { intervalMs: 60_000 })
const fast = aSeries('fast', {}, { intervalMs: 500 })
const silent = aSeries('silent', {}, { intervalMs: 0 })

test('a series is shown for five of its intervals after its last sample, or the fixed time', async () => {
  const store = testStore()
  store.write([slow, 1], [fast, 1], [silent, 1])
  store.time.nowMs += 2500
  expect(await store.lines()).toEqual(['slow 1', 'fast 1', 'silent 1'])
  store.time.nowMs += 1
  expect(await store.lines()).toEqual(['slow 1', 'silent 1'])
  store.time.nowMs += 300_000
  expect(await store.text()).toBe('')
})

test('no series is kept longer than a day after its last sample, whatever interval it announces', async () => {
  const store = testStore()
  const sweep = createSweep(store.state, EXPIRY, () => store.time.nowMs)
  for (const intervalMs of [17_280_000, 1e12, Number.MAX_VALUE])
    store.write([aSeries('x', { every: `${intervalMs}` }, { intervalMs }), 1])
  store.time.nowMs += 86_400_000
  expect(await store.lines()).toHaveLength(3)
  store.time.nowMs += 1
  expect(await store.lines()).toEqual([])
  expect(sweep()).toBe(3)
})

test('an interval that is no number counts as none', async () => {
  const store = testStore()
  for (const intervalMs of [NaN, Infinity, -5])
    store.write([aSeries(`x${intervalMs}`, {}, { intervalMs }), 1])
  store.time.nowMs += 300_000
  expect(await store.lines()).toHaveLength(3)
  store.time.nowMs += 1
  expect(await store.lines()).toEqual([])
})

test('the sweep removes expired series and their families, and their places are used again', async () => {
  const store = testStore({ maxSeries: 3 })
  const sweep = createSweep(store.state, EXPIRY, () => store.time.nowMs)
  store.write([slow, 1], [fast, 2], [silent, 3])
  expect(sweep()).toBe(0)
  store.time.nowMs += 2501
  expect(sweep()).toBe(1)
  expect(store.state.size).toBe(2)
  expect([...store.state.families.keys()]).toEqual(['slow', 'silent'])
  store.write([aSeries('new'), 4])
  expect(await store.lines()).toEqual(['slow 1', 'silent 3', 'new 4'])
  expect(store.seen.refused).toBe(0)
})

test('a removed series comes back with its next sample and does not write into another one', async () => {
  const store = testStore()
  const sweep = createSweep(store.state, EXPIRY, () => store.time.nowMs)
  store.write([fast, 1])
  store.time.nowMs += 2501
  sweep()
  store.write([slow, 2])
  store.write([fast, 3])
  expect(await store.lines()).toEqual(['slow 2', 'fast 3'])
})

test('the type of a name is forgotten with its last series', async () => {
  const store = testStore()
  const sweep = createSweep(store.state, EXPIRY, () => store.time.nowMs)
  store.write([fast, 1])
  store.time.nowMs += 2501
  sweep()
  store.write([aSeries('fast', {}, { type: 'counter' }), 1])
  expect(await store.text()).toContain('# TYPE fast counter\n')
  expect(store.seen.conflicts).toEqual([])
})

test('a walk over many series takes several short steps and misses none', () => {
  const store = testStore({ maxSeries: 10_000 })
  const many = Array.from({ length: 10_000 }, (_, i) => aSeries(`x${i % 7}`, { i: `${i}` }))
  for (const series of many) store.write([series, 1])
  store.time.nowMs += 50_001
  // A clock on which a millisecond passes at each look.
  const sweep = createSweep(store.state, EXPIRY, () => store.time.nowMs++)
  const steps: number[] = []
  while (store.state.size > 0) steps.push(sweep())
  expect(steps.length).toBeGreaterThan(5)
  expect(Math.max(...steps)).toBeLessThan(2000)
})

test('a walk that meets a family which has gone and come back leaves the new one alone', async () => {
  const store = testStore()
  for (let i = 0; i < 900; i++) store.write([aSeries('fast', { i: `${i}` }, { intervalMs: 500 }), 1])
  store.time.nowMs += 2501
  const parked = createSweep(store.state, EXPIRY, () => store.time.nowMs++)
  parked()
  const whole = createSweep(store.state, EXPIRY, () => store.time.nowMs)
  expect(whole()).toBeGreaterThan(0)
  store.write([fast, 2])
  parked()
  expect(await store.lines()).toEqual(['fast 2'])
})
