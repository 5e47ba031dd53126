import { expect, test } from 'vitest'
import { differences } from './differences.ts'

test('what differs is named by its path, never by its value', () => {
  const before = { url: 'amqp://secret@a', tls: { ca: 'a.pem', verify: true }, list: [1, 2] }
  const after = { url: 'amqp://secret@b', tls: { ca: 'b.pem', verify: true }, list: [1, 2] }
  expect(differences(before, after)).toEqual(['url', 'tls.ca'])
})

test.each<[string, unknown, unknown, readonly string[]]>([
  ['equal values', { a: [{ b: 1 }] }, { a: [{ b: 1 }] }, []],
  ['another order of keys', { a: 1, b: 2 }, { b: 2, a: 1 }, []],
  ['a key that came', {}, { a: 1 }, ['a']],
  ['a key that went', { a: 1 }, {}, ['a']],
  ['a list of another length', { a: [1] }, { a: [1, 2] }, ['a']],
  ['a list with another member', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, ['a']],
  ['a list where a record was', { a: {} }, { a: [] }, ['a']],
  ['null where nothing was', { a: undefined }, { a: null }, ['a']],
  ['not a number, twice', { a: Number.NaN }, { a: Number.NaN }, []],
  ['other values altogether', 1, 2, ['']],
])('%s', (_, before, after, paths) => {
  expect(differences(before, after)).toEqual(paths)
})
