import { expect, test } from 'vitest'
import type { Series } from '@smart-gateway/sdk'
import { SeriesDictionary } from './series-dictionary.ts'

function series(name: string): Series {
  return { name, labels: {}, type: 'gauge', intervalMs: 0 }
}

test('a series gets its number once, and its text goes to the file once', () => {
  const dictionary = new SeriesDictionary(7)
  const [a, b] = [series('a'), series('b')]
  expect([a, b, a].map((one) => dictionary.idOf(one, 1))).toEqual([8, 9, 8])
  expect(dictionary.takeFresh().map(({ id }) => id)).toEqual([8, 9])
  dictionary.idOf(a, 2)
  expect(dictionary.takeFresh()).toEqual([])
  expect(dictionary.byId(9)).toBe(b)
})

test('series that are used once each do not pile up once their batches are gone', () => {
  const dictionary = new SeriesDictionary(0)
  const forgotten = new Set<number>()
  for (let batch = 1; batch <= 300; batch++) {
    for (let i = 0; i < 1000; i++) dictionary.idOf(series('new'), batch)
    for (const id of dictionary.sweep(batch, batch)) forgotten.add(id)
    expect(dictionary.size).toBeLessThanOrEqual(50_000)
  }
  expect(forgotten.size).toBe(300_000 - dictionary.size)
})

test('what a stored batch names is kept however old it is, what is in use as well', () => {
  const dictionary = new SeriesDictionary(0)
  const [stored, used] = [series('stored'), series('used')]
  const [storedId, usedId] = [dictionary.idOf(stored, 5), dictionary.idOf(used, 5)]
  for (let batch = 6; batch <= 200; batch++) {
    for (let i = 0; i < 1000; i++) dictionary.idOf(series('new'), batch)
    dictionary.idOf(used, batch)
    dictionary.sweep(5, batch)
  }
  expect([dictionary.byId(storedId), dictionary.byId(usedId)]).toEqual([stored, used])
  for (let batch = 201; batch <= 400; batch++) {
    for (let i = 0; i < 1000; i++) dictionary.idOf(series('new'), batch)
    dictionary.idOf(used, batch)
    dictionary.sweep(batch, batch)
  }
  expect(dictionary.idOf(used, 401)).toBe(usedId)
  expect(() => dictionary.byId(storedId)).toThrow(`no series ${storedId}`)
})

test('100 series for ever are 100 series', () => {
  const dictionary = new SeriesDictionary(0)
  const all = Array.from({ length: 100 }, (_, i) => series(`s${i}`))
  for (let batch = 1; batch <= 30_000; batch++) {
    for (const one of all) dictionary.idOf(one, batch)
    expect(dictionary.sweep(batch, batch)).toEqual([])
  }
  expect(dictionary.takeFresh()).toHaveLength(100)
})

test('series of an earlier process come back frozen, one object each, until they are unlearned', () => {
  const dictionary = new SeriesDictionary(2)
  dictionary.learn([{ id: 2, text: JSON.stringify({ ...series('old'), labels: { a: 'b' } }) }])
  const own = series('own')
  const id = dictionary.idOf(own, 1)
  expect(dictionary.byId(2)).toEqual({ ...series('old'), labels: { a: 'b' } })
  expect(dictionary.byId(2)).toBe(dictionary.byId(2))
  expect(Object.isFrozen(dictionary.byId(2)) && Object.isFrozen(dictionary.byId(2).labels)).toBe(true)
  dictionary.unlearn()
  expect(() => dictionary.byId(2)).toThrow('no series 2')
  expect(dictionary.byId(id)).toBe(own)
})
