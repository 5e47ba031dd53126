import { expect, test } from 'vitest'
import { within } from './deadline.ts'

const never = (): Promise<never> => new Promise(() => {})

test('work that ends in time gives what it gives', async () => {
  expect(await within(() => 5, { what: 'x', ms: 1000 })).toBe(5)
  await expect(within(() => Promise.reject(new Error('no')), { what: 'x', ms: 1000 })).rejects.toThrow('no')
  const thrown = (): never => {
    throw new Error('at once')
  }
  await expect(within(thrown, { what: 'x', ms: 1000 })).rejects.toThrow('at once')
})

test('work that takes too long is given up, and what comes late is let go of', async () => {
  const work = Promise.withResolvers<string>()
  const late = Promise.withResolvers<string>()
  const waiting = within(() => work.promise, { what: 'open', ms: 10, letGo: (value) => late.resolve(value) })
  await expect(waiting).rejects.toMatchObject({
    code: 'SG_PLUGIN_TIMEOUT',
    message: 'open did not finish within 0.01 s',
  })
  work.resolve('session')
  expect(await late.promise).toBe('session')
})

test('work that nobody wants any more is given up at once, or not begun', async () => {
  const controller = new AbortController()
  const waiting = within(never, { what: 'open', ms: 60_000, signal: controller.signal })
  controller.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'SG_STOPPING' })
  let begun = false
  const work = (): void => void (begun = true)
  await expect(within(work, { what: 'open', ms: 60_000, signal: controller.signal })).rejects.toMatchObject({
    code: 'SG_STOPPING',
  })
  expect(begun).toBe(false)
})
