import { expect, test } from 'vitest'
import { retryable } from '@smart-gateway/sdk'
import type { Batch, FilterSession, Message } from '@smart-gateway/sdk'
import { idsOf, line, SERIES } from '../testing/records.ts'
import type { Decoded } from './decoded.ts'
import { Filters } from './filters.ts'
import { Intake } from './intake.ts'
import { batchOfParts } from './parts.ts'
import { Queue } from './queue.ts'
import { Sieve } from './sieve.ts'
import { Sink } from './sink.ts'

/** Takes away samples from 10 on, and throws on 99. */
const BELOW_TEN: FilterSession = {
  apply(batch) {
    const ids = idsOf(batch) as number[]
    if (ids.includes(99)) throw new Error('99!')
    if (ids.includes(98)) throw retryable('98!')
    const values = ids.filter((id) => id < 10)
    if (values.length === batch.length) return batch
    const [series, times] = [values.map(() => SERIES), values.map(() => 0)]
    return { signal: 'metric', length: values.length, series, values, times }
  },
}

/** A decoder elsewhere: a sample for each number. */
async function decodeMany(messages: readonly Message[]): Promise<Decoded> {
  const sink = new Sink()
  const ends = messages.map(({ body }) => {
    for (const number of JSON.parse(body.toString()) as number[]) sink.sample(SERIES, number, 0)
    return sink.samples
  })
  const none = new Uint32Array(messages.length)
  return {
    count: messages.length,
    batches: [sink.cut('metric') as Batch],
    ends: { metric: Uint32Array.from(ends), event: none, log: none },
    failures: new Map(),
    notes: new Map(),
  }
}

function makeIntake() {
  const queue = new Queue({ maxBytes: 1_000_000, whenFull: 'block' })
  const intake = new Intake('input', { refused() {}, rejected() {} })
  intake.setRoute({ metric: [{ output: 'x', queue, required: true }], event: [], log: [] })
  const sieve = new Sieve('sieve')
  intake.setFilters(new Filters([sieve]))
  const fates: string[] = []
  const deliver = (...numbers: number[]): Promise<void> =>
    intake.deliver({ body: Buffer.from(JSON.stringify(numbers)) }).then(
      () => void fates.push(`settled ${numbers}`),
      (error) => void fates.push(`${error.retryable === true ? 'returned' : 'refused'} ${numbers}`),
    )
  return { queue, intake, sieve, fates, deliver }
}

test.each(['here', 'elsewhere'])(
  'messages that are decoded %s wait for the filter, go through it each by itself, and are counted',
  async (where) => {
    const { queue, intake, sieve, fates, deliver } = makeIntake()
    if (where === 'elsewhere') intake.setRemoteDecoder(decodeMany)
    else
      intake.setDecoder(({ body }, out) => {
        for (const number of JSON.parse(body.toString()) as number[]) out.sample(SERIES, number, 0)
      })
    const all = [deliver(1, 20, 3), deliver(30), deliver(2, 99), deliver(98), deliver(), deliver(5)]
    await new Promise(setImmediate)
    expect([intake.full, queue.empty, fates]).toEqual([true, true, []])
    sieve.put(BELOW_TEN)
    intake.setFilters(new Filters([sieve]))
    await expect.poll(() => queue.empty).toBe(false)
    const parts = queue.take(1000, 1e9)
    expect(idsOf(batchOfParts(parts))).toEqual([1, 3, 5])
    queue.settle(parts)
    await Promise.all(all)
    expect(fates.toSorted()).toEqual([
      'refused 2,99',
      'returned 98',
      'settled ',
      'settled 1,20,3',
      'settled 30',
      'settled 5',
    ])
    expect(intake.counts).toMatchObject({ records: 3, filtered: 2, empty: 1, undecodable: 2 })
    expect(intake.unaccounted).toBe(0)
  },
)

test('what was decoded elsewhere while the filter went away waits, and is decoded again', async () => {
  const { queue, intake, sieve, deliver } = makeIntake()
  sieve.put(BELOW_TEN)
  let calls = 0
  const held = Promise.withResolvers<void>()
  intake.setRemoteDecoder(async (messages) => {
    if (calls++ === 0) await held.promise
    return await decodeMany(messages)
  })
  void deliver(1, 20)
  await expect.poll(() => calls).toBe(1)
  sieve.put(undefined)
  held.resolve()
  await new Promise(setImmediate)
  expect(queue.empty).toBe(true)
  sieve.put(BELOW_TEN)
  intake.setFilters(new Filters([sieve]))
  await expect.poll(() => queue.empty).toBe(false)
  expect([calls, idsOf(batchOfParts(queue.take(10, 1e9)))]).toEqual([2, [1]])
})

test('of a batch of length 0 nothing goes on, whatever its columns still hold', async () => {
  const { queue, intake, sieve, fates } = makeIntake()
  intake.setRoute({ metric: [], event: [], log: [{ output: 'x', queue, required: true }] })
  intake.setDecoder((_, out) => out.log(line('gone')))
  sieve.put({ apply: (batch) => ({ ...batch, length: 0 }) })
  await intake.deliver({ body: Buffer.alloc(0) })
  expect([queue.empty, intake.counts.filtered, fates]).toEqual([true, 1, []])
})
