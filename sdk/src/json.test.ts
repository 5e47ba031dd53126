import { expect, test } from 'vitest'
import { parseExactly, stringifyExactly } from './json.ts'

test('integers that a double cannot hold come as bigint, all others as numbers', () => {
  const text = '[9007199254740991, 9007199254740993, -18446744073709551615, {"a": [12345678901234567890]}, 1]'
  expect(parseExactly(text)).toEqual([
    9007199254740991,
    9007199254740993n,
    -18446744073709551615n,
    { a: [12345678901234567890n] },
    1,
  ])
})

test('what is not written as an integer stays a double', () => {
  expect(parseExactly('[1e300, 9007199254740993.5, 0.1234567890123456, "12345678901234567890"]')).toEqual([
    1e300,
    9007199254740994,
    0.1234567890123456,
    '12345678901234567890',
  ])
})

test('an integer too long for any double costs no time', () => {
  expect(parseExactly(`[${'9'.repeat(1_000_000)}]`)).toEqual([Infinity])
})

test('a million levels are read, without such integers', () => {
  const text = `${'['.repeat(1_000_000)}1${']'.repeat(1_000_000)}`
  expect(Array.isArray(parseExactly(text))).toBe(true)
})

test('what was read is written as it was', () => {
  const text = '{"a":[9007199254740993,{"b":-9223372036854775808}],"c":"x"}'
  expect(stringifyExactly(parseExactly(text))).toBe(text)
})
