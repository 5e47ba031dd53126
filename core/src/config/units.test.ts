import { expect, test } from 'vitest'
import { parseSize, parseSpan } from './units.ts'

test.each([
  ['500ms', 500],
  ['20s', 20_000],
  ['1.5m', 90_000],
  ['2 h', 7_200_000],
  ['24d', 2_073_600_000],
  ['0s', 0],
])('%s is a time', (text, ms) => {
  expect(parseSpan(text)).toBe(ms)
})

test.each([
  ['512B', 512],
  ['64MiB', 64 * 1024 ** 2],
  ['1.5 KB', 1500],
  ['1GiB', 1024 ** 3],
])('%s is a size', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each(['', '5', '-1s', '5 parsecs', '5constructor', '5valueOf', '1e3s', '1s ', '٣s'])(
  '%j is neither',
  (text) => {
    expect(parseSpan(text)).toBeUndefined()
    expect(parseSize(text)).toBeUndefined()
  },
)

test('a time that no timer can wait, and a size that holds nothing or cannot be counted, are refused', () => {
  expect(parseSpan('25d')).toBeUndefined()
  expect(parseSpan(`${'9'.repeat(400)}d`)).toBeUndefined()
  expect(parseSize('0MiB')).toBeUndefined()
  expect(parseSize(`${'9'.repeat(30)}GiB`)).toBeUndefined()
})
