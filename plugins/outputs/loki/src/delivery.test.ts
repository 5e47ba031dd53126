import { retryable } from '@smart-gateway/sdk'
import { expect, test } from 'vitest'
import type { Verdict } from './answer.ts'
import { deliver } from './delivery.ts'
import type { Push } from './stream.ts'

const stored: Verdict = { kind: 'stored' }
const refused: Verdict = { kind: 'refused', status: 400, reason: 'bad', text: 'bad' }

/** A push of as many entries, by turns in so many streams. */
function push(entries: number, streams = 1): Push {
  return Array.from({ length: streams }, (_, stream) => ({
    labels: ['a', String(stream)],
    labelBytes: 0,
    entries: Array.from({ length: entries }, (_, index) => index)
      .filter((index) => index % streams === stream)
      .map((index) => ({ index, timeMs: 1, timeNs: 0, line: '', metadata: [], bytes: 0 })),
  }))
}

const indexesOf = (push: Push) => push.flatMap(({ entries }) => entries.map(({ index }) => index))

test.for([1, 7])(
  'of a thousand entries in %d streams, exactly the bad ones are refused for good',
  async (streams) => {
    const isBad = (index: number): boolean => index % 2 === 0 || index > 700
    const kept: number[] = []
    let requests = 0
    const { rejected, failure } = await deliver([push(1000, streams)], async (push) => {
      requests += 1
      const indexes = indexesOf(push)
      if (indexes.some(isBad)) return refused
      kept.push(...indexes)
      return stored
    })
    const all = Array.from({ length: 1000 }, (_, index) => index)
    expect(failure).toBeUndefined()
    expect(rejected.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(all.filter(isBad))
    expect(kept.toSorted((a, b) => a - b)).toEqual(all.filter((index) => !isBad(index)))
    expect(requests).toBeLessThan(2000)
  },
)

test('the requests for one batch are bounded; what is undecided is tried again', async () => {
  let requests = 0
  const { rejected, failure } = await deliver([push(5000)], async () => {
    requests += 1
    return refused
  })
  expect(requests).toBeLessThan(2100)
  expect(rejected).toHaveLength(5000)
  expect(failure?.retryable).toBe(true)
  expect(rejected.filter(({ error }) => error === failure).length).toBeLessThan(4500)
})

test('a failure amid the search leaves the undecided entries to the next try', async () => {
  const failure = retryable('down')
  let requests = 0
  const delivery = await deliver([push(4), push(2)], async () => {
    requests += 1
    return requests === 1 ? refused : requests === 2 ? stored : { kind: 'failed', error: failure }
  })
  expect(delivery.failure).toBe(failure)
  expect(delivery.rejected.map(({ index }) => index)).toEqual([2, 3, 0, 1])
})
