import { expect, test } from 'vitest'
import { separateOld } from './age.ts'
import { cutIntoPushes, halve } from './push.ts'
import type { Push, Stream } from './stream.ts'
import { nanoseconds, timeOf } from './time.ts'

const limits = { maxStreams: 100, maxBytes: 1000 }

const stream = (name: string, ...sizes: number[]): Stream => ({
  labels: ['a', name],
  labelBytes: 10,
  entries: sizes.map((bytes, index) => ({
    index,
    timeMs: index * 1000,
    timeNs: 0,
    line: name,
    metadata: [],
    bytes,
  })),
})

const shape = (push: Push) =>
  push.map(({ labels, entries }) => [labels[1], ...entries.map(({ index }) => index)].join(' '))

test('what fits is one push', () => {
  const streams = [stream('x', 100, 100), stream('y', 100)]
  expect(cutIntoPushes(streams, limits).map(shape)).toEqual([['x 0 1', 'y 0']])
  expect(cutIntoPushes([], limits)).toEqual([])
})

test('a push ends before it is too large, a stream goes on in the next one', () => {
  const streams = [stream('x', 400, 400, 400), stream('y', 400, 5000, 400)]
  expect(cutIntoPushes(streams, limits).map(shape)).toEqual([['x 0 1'], ['x 2', 'y 0'], ['y 1'], ['y 2']])
})

test('a push ends before it has too many streams', () => {
  const streams = [stream('x', 1), stream('y', 1, 1), stream('z', 1)]
  expect(cutIntoPushes(streams, { ...limits, maxStreams: 2 }).map(shape)).toEqual([['x 0', 'y 0 1'], ['z 0']])
})

test('halves are streams, then entries, then there are none', () => {
  expect(halve([stream('x', 1, 1), stream('y', 1), stream('z', 1)])?.map(shape)).toEqual([
    ['x 0 1'],
    ['y 0', 'z 0'],
  ])
  expect(halve([stream('x', 1, 1, 1)])?.map(shape)).toEqual([['x 0'], ['x 1 2']])
  expect(halve([stream('x', 1)])).toBeUndefined()
})

test('too old is so everywhere, too far behind in its stream only', () => {
  const old =
    "entry for stream '{}' has timestamp too old: 1970-01-01T00:00:00Z, oldest acceptable timestamp is: 1970-01-01T00:00:02Z"
  const behind =
    "entry with timestamp 1970-01-01 00:00:00 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 1970-01-01T00:00:00Z, oldest acceptable timestamp is: 1970-01-01T00:00:02Z' for stream: {},"
  const one = [stream('x', 1, 1, 1)]
  const two = [...one, stream('y', 1)]
  const found = separateOld(two, old)
  expect([shape(found!.old), shape(found!.rest)]).toEqual([['x 0 1', 'y 0'], ['x 2']])
  expect(separateOld(two, behind)).toBeUndefined()
  expect(shape(separateOld(one, behind)!.rest)).toEqual(['x 2'])
  expect(separateOld(two, `Error parsing labels '${old}'`)).toBeUndefined()
  expect(separateOld(one, 'something else')).toBeUndefined()
  expect(separateOld([stream('x')], old)).toBeUndefined()
})

test('times keep what is known of them', () => {
  expect(nanoseconds(timeOf(1_795_173_131_635, 123, 1, 0))).toBe('1795173131635000123')
  expect(nanoseconds(timeOf(1_795_173_131_635.25, undefined, 1, 0))).toBe('1795173131635250000')
  for (const none of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e16]) {
    expect(nanoseconds(timeOf(none, 5, 1_795_173_131_635, 42))).toBe('1795173131635000042')
  }
})
