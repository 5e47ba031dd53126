import { expect, test } from 'vitest'
import { instantOf } from './instant.ts'

test.each([
  ['2021-04-08T15:25:42.604198+02:00', { ms: 1617888342604, ns: 198_000, zoneMinutes: 120 }],
  ['2021-04-08 13:25:42.604198', { ms: 1617888342604, ns: 198_000, zoneMinutes: 0 }],
  ['Thu Apr  8 13:25:42 2021', { ms: 1617888342000, ns: 0, zoneMinutes: 0 }],
  [1617888342, { ms: 1617888342000, ns: 0, zoneMinutes: 0 }],
  ['1617888342', { ms: 1617888342000, ns: 0, zoneMinutes: 0 }],
  [1617888342.604198, { ms: 1617888342604, ns: 198_000, zoneMinutes: 0 }],
  ['1617888342.604198', { ms: 1617888342604, ns: 198_000, zoneMinutes: 0 }],
  [1617888342604, { ms: 1617888342604, ns: 0, zoneMinutes: 0 }],
  ['1617888342604', { ms: 1617888342604, ns: 0, zoneMinutes: 0 }],
  [1617888342604.198, { ms: 1617888342604, ns: 198_000, zoneMinutes: 0 }],
  [1617888342604198, { ms: 1617888342604, ns: 198_000, zoneMinutes: 0 }],
  ['1617888342604198', { ms: 1617888342604, ns: 198_000, zoneMinutes: 0 }],
  [1617888342604198123n, { ms: 1617888342604, ns: 198_123, zoneMinutes: 0 }],
  ['1617888342604198123', { ms: 1617888342604, ns: 198_123, zoneMinutes: 0 }],
  [1e8, { ms: 1e11, ns: 0, zoneMinutes: 0 }],
  [1e11, { ms: 1e11, ns: 0, zoneMinutes: 0 }],
  [1e14, { ms: 1e11, ns: 0, zoneMinutes: 0 }],
  [1e17, { ms: 1e11, ns: 0, zoneMinutes: 0 }],
  [10_000_000_000_000_001n, { ms: 1e13, ns: 0, zoneMinutes: 0 }],
])('%s is a time', (value, instant) => {
  expect(instantOf(value)).toEqual(instant)
})

test.each([
  ['a date without a year', 'Apr  8 15:25:42'],
  ['a date without a time', '2021-04-08'],
  ['a time without a date', '15:25:42'],
  ['a web server', '08/Apr/2021:15:25:42 +0200'],
  ['a mail', 'Thu, 08 Apr 2021 15:25:42 +0200'],
  ['slashes', '2021/04/08 15:25:42'],
  ['30 February', '2021-02-30T00:00:00Z'],
  ['an hour 25', '2021-04-08T25:00:00Z'],
  ['a zone name', '2021-04-08T15:25:42 CEST'],
  ['a dash', '-'],
  ['nothing', ''],
  ['spaces around it', ' 1617888342 '],
  ['an exponent', '1.6e9'],
  ['hexadecimal', '0x606f0b16'],
  ['a sign', '-1617888342'],
  ['eight digits, which are a day', '20210408'],
  ['too many digits', '161788834260419812345'],
  ['0', 0],
  ['an uptime', 12345.678],
  ['a negative number', -1617888342],
  ['a vast number', 1e300],
  ['a vast integer', 10n ** 30n],
  ['a negative integer', -(10n ** 18n)],
  ['true', true],
  ['null', null],
  ['an object', { $date: 1617888342604 }],
  ['an array', [1617888342]],
  ['a megabyte of digits', '1'.repeat(1e6)],
])('%s is no time that can be read', (_what, value) => {
  expect(instantOf(value)).toBeUndefined()
})
