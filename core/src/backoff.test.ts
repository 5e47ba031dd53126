import { expect, test } from 'vitest'
import { Backoff, sleep } from './backoff.ts'

test('waits double up to the bound, with jitter, and begin anew after a success', () => {
  const backoff = new Backoff({ initialMs: 1000, maxMs: 30_000 })
  for (const step of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    const wait = backoff.next()
    expect(wait).toBeGreaterThanOrEqual(step / 10)
    expect(wait).toBeLessThanOrEqual(step)
  }
  backoff.reset()
  expect(backoff.next()).toBeLessThanOrEqual(1000)
})

test('a wait is at least what was asked for, and always one that a timer can wait', () => {
  const backoff = new Backoff({ initialMs: 0, maxMs: 0 })
  expect(backoff.next(5000)).toBe(5000)
  for (let i = 0; i < 2000; i++) expect(backoff.next()).toBe(1)
  expect(backoff.next(Infinity)).toBe(2 ** 31 - 1)
})

test('a sleep ends at once when it is no longer wanted, and leaves no listener behind', async () => {
  const { signal, abort } = abortable()
  const sleeping = sleep(60_000, signal)
  abort()
  await sleeping
  await sleep(60_000, signal)
})

function abortable() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
