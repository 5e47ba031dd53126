import { expect, test } from 'vitest'
import { parseInstant, parseTimeMs } from './time.ts'

test.each([
  ['2019-09-18T21:11:19.281603240Z', 1568841079281],
  ['2020-10-05T14:26:09+02:00', 1601900769000],
  ['2020-10-05T14:26:09.999999999-11:30', 1601949369999],
  ['2021-02-10T03:50:41.471813', 1612929041471],
  ['2021-02-10T03:50:41', 1612929041000],
  ['2021-02-10T03:50:41.4', 1612929041400],
  ['2021-02-11 21:43:11.180978', 1613079791180],
  ['2021-02-11 21:43:11', 1613079791000],
  ['Thu Feb 11 21:43:11 2021', 1613079791000],
  ['Mon Feb  1 21:43:11 2021', 1612215791000],
  ['2024-02-29T00:00:00Z', 1709164800000],
])('%s is read to the millisecond, as UTC where it names no zone', (text, timeMs) => {
  expect(parseTimeMs(text)).toBe(timeMs)
})

test.each([
  [undefined],
  [null],
  [1601900769],
  [''],
  ['now'],
  ['2021-02-11'],
  ['2021-13-01T00:00:00Z'],
  ['2021-02-30T00:00:00Z'],
  ['2021-02-11T24:00:00Z'],
  ['2021-02-11T21:60:00Z'],
  ['2021-02-11T21:00:00+99:00'],
  ['2021-02-11T21:00:00Z trailing'],
  ['Thu Foo 11 21:43:11 2021'],
  ['Thu Feb 30 21:43:11 2021'],
  ['1969-12-31T23:59:59Z'],
  ['0001-01-01T00:00:00Z'],
])('%j is no time that can be read: 0', (value) => {
  expect(parseTimeMs(value)).toBe(0)
})

test('a text without end costs no time', () => {
  expect(parseTimeMs(`2021-02-11T21:00:00.${'9'.repeat(1_000_000)}x`)).toBe(0)
})

test.each([
  ['2021-04-08T15:25:42.604198+02:00', { ms: 1617888342604, ns: 198_000, zoneMinutes: 120 }],
  ['2021-04-08T15:25:42.123456789-03:30', { ms: 1617908142123, ns: 456_789, zoneMinutes: -210 }],
  ['2021-04-08T15:25:42Z', { ms: 1617895542000, ns: 0, zoneMinutes: 0 }],
])('%s keeps its nanoseconds and its zone', (text, instant) => {
  expect(parseInstant(text)).toEqual(instant)
})

test.each([
  '2021-04-08T15:25:42.',
  '2021-04-08T15:25:42+1',
  '2021-04-08T15:25:42+01:0',
  '2021-04-08T15:25:42+01:00Z',
  '2021/04/08T15:25:42',
  '21-04-08T15:25:42',
  '2021-4-8T15:25:42Z',
  '2021-04-08T15:25',
  '2021-04-08T15:2x:42Z',
  '0021-04-08T15:25:42Z',
  '2023-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
])('%s is none either', (text) => {
  expect(parseTimeMs(text)).toBe(0)
})

test('what it reads of random times is what Date reads', () => {
  for (let i = 0; i < 20_000; i++) {
    const ms = 1 + Math.floor((i / 20_000) * 4e12)
    const text = new Date(ms).toISOString()
    expect(parseTimeMs(text)).toBe(Date.parse(text))
  }
})
