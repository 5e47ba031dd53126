import { expect, test } from 'vitest'
import { keepRecords } from './index.ts'
import type { LogBatch, LogRecord, Series } from './index.ts'
import { metricBatch } from './testing.ts'

const series: Series = { name: 'x', labels: {}, type: 'gauge', intervalMs: 0 }
const batch = metricBatch([5, 6, 7, 8].map((value, timeMs) => ({ series, value, timeMs })))

test('what is kept keeps its order, and each record is asked for once', () => {
  const asked: number[] = []
  const left = keepRecords(batch, (i) => {
    asked.push(i)
    return i !== 1 && i !== 3
  })
  expect([left, asked]).toEqual([
    { signal: 'metric', length: 2, series: [series, series], values: [5, 7], times: [0, 2] },
    [0, 1, 2, 3],
  ])
})

test('all is the very batch, nothing is an empty one', () => {
  expect(keepRecords(batch, () => true)).toBe(batch)
  expect(keepRecords(batch, () => false)).toEqual({ ...batch, length: 0, series: [], values: [], times: [] })
})

test('log lines and typed columns', () => {
  const line = (message: string): LogRecord => ({
    index: 'i',
    timeMs: 0,
    severity: 'info',
    publisher: 'p',
    labels: {},
    message,
  })
  const logs: LogBatch = { signal: 'log', length: 2, records: [line('a'), line('b')] }
  const left: LogBatch = keepRecords(logs, (i) => logs.records[i]!.message === 'b')
  expect(left).toEqual({ signal: 'log', length: 1, records: [line('b')] })
  const typed = { ...batch, values: Float64Array.of(5, 6, 7, 8) }
  expect(keepRecords(typed, (i) => i > 1).values).toEqual([7, 8])
})
