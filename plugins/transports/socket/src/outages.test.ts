import { testContext } from '@smart-gateway/sdk/testing'
import { expect, test, vi } from 'vitest'
import { makeOutages } from './outages.ts'

test('an outage is logged when it begins, and with its number when it has been calm for a while', () => {
  vi.useFakeTimers()
  try {
    const { log, lines } = testContext({})
    const outages = makeOutages(log)
    const tell = (kind: string, times = 1) => outages.tell(kind, times, () => `${kind} begins`)
    tell('drops')
    vi.advanceTimersByTime(9000)
    tell('drops', 5)
    tell('once')
    vi.advanceTimersByTime(9999)
    expect(lines.map(([, line]) => line)).toEqual(['drops begins', 'once begins'])
    vi.advanceTimersByTime(1)
    expect(lines.slice(2)).toEqual([['info', 'over: 6 drops', {}]])
    tell('drops', 2)
    outages.end()
    expect(lines.slice(3).map(([, line]) => line)).toEqual(['drops begins', 'over: 2 drops'])
  } finally {
    vi.useRealTimers()
  }
})
