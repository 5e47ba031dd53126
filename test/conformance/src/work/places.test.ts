import { expect, test } from 'vitest'
import { placesIn } from './places.ts'

function written(text: string, value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(placesIn(text).map((place) => [place.path, place.with(value)]))
}

test('each value of a JSON message is a place, and so is each in a text that is JSON', () => {
  expect(written('{"a":[1],"b":"{\\"c\\":2}"}', 9n)).toEqual({
    '': '9',
    a: '{"a":9,"b":"{\\"c\\":2}"}',
    'a.0': '{"a":[9],"b":"{\\"c\\":2}"}',
    b: '{"a":[1],"b":"9"}',
    'b.c': '{"a":[1],"b":"{\\"c\\":9}"}',
  })
})

test('lines of JSON are a list', () => {
  expect(written('{"a":1}\n\n{"a":2}\n', null)).toMatchObject({
    '0': 'null\n{"a":2}',
    '1.a': '{"a":1}\n{"a":null}',
  })
})

test('integers beyond 2^53 and members named __proto__ stay as they are', () => {
  expect(written('{"n":9007199254740993,"__proto__":{"a":1},"b":0}', 1)['b']).toBe(
    '{"n":9007199254740993,"__proto__":{"a":1},"b":1}',
  )
})

test('what is no JSON has no places', () => {
  for (const text of ['', 'up{host="a"} 1', '42', '{"a":1}\nx', '[{]']) expect(placesIn(text)).toEqual([])
})
