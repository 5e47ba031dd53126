import { expect, test } from 'vitest'
import { parseInstant } from '@smart-gateway/sdk/time'
import { indexNamer } from './index-name.ts'

test.each([
  ['localhost', '2021-04-08T15:25:42.604198+02:00', 'sglogs-localhost.2021.04.08'],
  ['non-local-host', '2021-05-06T17:48:25Z', 'sglogs-non_local_host.2021.05.06'],
  ['h', '2021-01-01T00:30:00+02:00', 'sglogs-h.2021.01.01'],
  ['h', '2020-12-31T23:30:00-05:00', 'sglogs-h.2020.12.31'],
  ['h', '9999-12-31T23:59:59.999-23:59', 'sglogs-h.9999.12.31'],
  ['h', '1970-01-01T00:00:00.001Z', 'sglogs-h.1970.01.01'],
  ['Compute-0.Example', '2021-04-08T15:25:42Z', 'sglogs-compute_0.example.2021.04.08'],
  ['a host\twith spaces', '2021-04-08T15:25:42Z', 'sglogs-a_host_with_spaces.2021.04.08'],
  ['__proto__', '2021-04-08T15:25:42Z', 'sglogs-__proto__.2021.04.08'],
])('a line of %s at %s belongs to the day in its own zone: %s', (host, time, index) => {
  const nameIndex = indexNamer('sglogs')
  for (let round = 0; round < 2; round++) expect(nameIndex(host, parseInstant(time))).toBe(index)
})

test('without a time there is no day in the name', () => {
  expect(indexNamer('sglogs')('non-localhost', undefined)).toBe('sglogs-non_localhost')
})

test('the prefix keeps its dashes and is made lower case', () => {
  expect(indexNamer('My-Logs')('a-b', undefined)).toBe('my-logs-a_b')
})

test('a day that changes is noticed at once, forth and back, and so is a lost time', () => {
  const nameIndex = indexNamer('p')
  const at = (time: string | undefined) => nameIndex('h', parseInstant(time))
  const times = ['2021-04-08T23:59:59Z', '2021-04-09T00:00:00Z', undefined, '2021-04-08T23:59:59Z']
  expect(times.map(at)).toEqual(['p-h.2021.04.08', 'p-h.2021.04.09', 'p-h', 'p-h.2021.04.08'])
})

test('names stay right past the number of hosts that are remembered, and for hosts too long to be', () => {
  const nameIndex = indexNamer('p')
  const instant = parseInstant('2021-04-08T15:25:42Z')
  for (let i = 0; i < 25_000; i++) expect(nameIndex(`h${i}`, instant)).toBe(`p-h${i}.2021.04.08`)
  const long = 'x'.repeat(100_000)
  expect(nameIndex(long, instant)).toBe(`p-${long}.2021.04.08`)
})
