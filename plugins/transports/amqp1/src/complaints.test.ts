import { testContext } from '@smart-gateway/sdk/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeComplaints } from './complaints.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function recorded() {
  const { log, lines } = testContext({})
  return { complaints: makeComplaints(log), said: () => lines.splice(0).map(([, line]) => line) }
}

test('what goes on is said once, then once a minute with how often, and anew when it comes back', () => {
  const { complaints, said } = recorded()
  for (let port = 1; port <= 3; port++) complaints.tell('a is wrong', `a:${port} is wrong`)
  complaints.tell('b is wrong', 'b:1 is wrong')
  expect(said()).toEqual(['a:1 is wrong', 'b:1 is wrong'])
  vi.advanceTimersByTime(60_000)
  expect(said()).toEqual(['a:1 is wrong (2 more times in the last minute)'])
  vi.advanceTimersByTime(60_000)
  complaints.tell('a is wrong', 'a:9 is wrong')
  expect(said()).toEqual(['a:9 is wrong'])
})

test('however many things are wrong, the log does not fill', () => {
  const { complaints, said } = recorded()
  for (let n = 0; n < 1000; n++) complaints.tell(`kind ${n}`, `sentence ${n}`)
  const lines = said()
  expect(lines).toHaveLength(65)
  expect(lines.at(-1)).toContain('more than 64 different things')
  vi.advanceTimersByTime(60_000)
  expect(said()).toEqual([expect.stringContaining('(935 more times in the last minute)')])
  complaints.end()
  expect(vi.getTimerCount()).toBe(0)
})
