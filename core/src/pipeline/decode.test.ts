import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { retryable } from '@smart-gateway/sdk'
import type { RecordSink } from '@smart-gateway/sdk'
import { bench, decodeNumbers, edge, fates, numbers, routeAll, write } from '../testing/intake-bench.ts'
import { range, SERIES } from '../testing/records.ts'
import { until } from '../testing/until.ts'
import type { Decode } from './intake.ts'

test('a message on which decode throws leaves nothing behind and is refused; its neighbours go on', async () => {
  const { intake, told } = bench((message, out) => {
    out.reject('noted before the fault')
    decodeNumbers(message, out)
    if (message.body.includes('13')) throw new Error('unlucky')
  })
  const a = edge('a')
  intake.setRoute(routeAll(a))
  const known = fates([
    intake.deliver(numbers(1)),
    intake.deliver(numbers(2, 13)),
    intake.deliver(numbers(3)),
  ])
  await turn()
  expect(write(a)).toEqual([1, 3])
  await turn()
  expect(known).toEqual(['settled', 'unlucky', 'settled'])
  expect(told.filter((one) => one.startsWith('refused'))).toEqual(['refused: unlucky'])
  expect(intake.counts).toMatchObject({
    settled: 2,
    refused: 1,
    undecodable: 1,
    rejectedElements: 2,
    records: 2,
  })
})

test('a decoder may say that a message is worth another try', async () => {
  const { intake } = bench(() => {
    throw retryable('not now')
  })
  intake.setRoute(routeAll())
  await expect(intake.deliver(numbers())).rejects.toMatchObject({ message: 'not now', retryable: true })
  expect(intake.counts).toMatchObject({ returned: 1, refused: 0 })
})

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['null', null],
  ['a string', 'text'],
  ['an error without a message', Object.assign(new Error('x'), { message: undefined })],
])('a decoder that throws %s refuses one message and nothing else', async (_, thrown) => {
  const { intake, told } = bench(() => {
    throw thrown
  })
  intake.setRoute(routeAll())
  await expect(intake.deliver(numbers())).rejects.toMatchObject({ retryable: false })
  expect(told[0]).toMatch(/^refused: \S+/)
})

test('a decoder that is not synchronous is refused, and what it yields late belongs to no message', async () => {
  let late: RecordSink | undefined
  let ended = false
  const { intake, told } = bench(async (message, out) => {
    late = out
    await turn()
    decodeNumbers(message, out)
    ended = true
    throw new Error('nobody would hear this')
  })
  const a = edge('a')
  intake.setRoute(routeAll(a))
  await expect(intake.deliver(numbers(1))).rejects.toThrow(
    'decode returned a promise: it must be synchronous',
  )
  await until('the decoder has ended', () => ended)
  intake.setDecoder(decodeNumbers)
  late!.sample(SERIES, 99, 0)
  const known = fates([intake.deliver(numbers(2))])
  await turn()
  expect(write(a)).toEqual([2])
  await turn()
  expect([known, told.length]).toEqual([['settled'], 1])
})

test('elements that are refused or left out are counted, the others of the message go on', async () => {
  const { intake, told } = bench((message, out) => {
    decodeNumbers(message, out)
    out.skip('NaN')
    out.skip('NaN')
  })
  const a = edge('a')
  intake.setRoute(routeAll(a))
  const known = fates([intake.deliver(numbers(-1, 5, -2))])
  await turn()
  expect(write(a)).toEqual([5])
  await turn()
  expect(known).toEqual(['settled'])
  expect(intake.counts).toMatchObject({ rejectedElements: 2, skippedElements: 2, records: 1 })
  expect(told).toEqual(['rejected 2: -1 is negative'])
})

test('a decoder that is swapped between two messages decodes the next one: each is decoded once, in order', async () => {
  const { intake } = bench()
  const a = edge('a')
  intake.setRoute(routeAll(a))
  const seen: string[] = []
  const generation =
    (name: string): Decode =>
    (message, out) => {
      seen.push(`${name} ${message.body.toString()}`)
      decodeNumbers(message, out)
    }
  for (let i = 0; i < 5; i++) void intake.deliver(numbers(i))
  intake.setDecoder(generation('old'))
  await turn()
  intake.setDecoder(undefined)
  for (let i = 5; i < 8; i++) void intake.deliver(numbers(i))
  await turn()
  intake.setDecoder(generation('new'))
  await turn()
  expect(write(a)).toEqual(range(0, 8))
  expect(seen).toEqual([...range(0, 5).map((i) => `old [${i}]`), ...range(5, 8).map((i) => `new [${i}]`)])
})
