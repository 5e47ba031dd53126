import { expect, test } from 'vitest'
import { keepRecords, permanent } from '@smart-gateway/sdk'
import type { Batch } from '@smart-gateway/sdk'
import { chunkOf, idsOf, tracked } from '../testing/records.ts'
import type { Tracked } from '../testing/records.ts'
import { batchOfParts } from './parts.ts'
import type { Refused } from './parts.ts'
import { Filters } from './filters.ts'
import { residual } from './ledger.ts'
import { Queue } from './queue.ts'
import { Screen } from './screen.ts'
import { Sieve } from './sieve.ts'

/** What is left of the samples that a test wants to keep. */
function keep(batch: Batch, isGood: (value: number) => boolean): Batch {
  return batch.signal === 'metric' ? keepRecords(batch, (i) => isGood(batch.values[i]!)) : batch
}

function makeScreen(...applies: readonly ((batch: Batch) => unknown)[]) {
  const queue = new Queue({ maxBytes: 1_000_000, whenFull: 'block' })
  const buried: Refused[] = []
  const burial = Promise.withResolvers<void>()
  const refused = async (some: readonly Refused[]): Promise<void> => {
    buried.push(...some)
    await burial.promise
  }
  const screen = new Screen({ behind: () => queue, holders: () => [queue], ledger: queue.ledger, refused })
  const sieves = applies.map((apply, i) => {
    const sieve = new Sieve(`f${i}`)
    sieve.put({ apply: apply as (batch: Batch) => Batch })
    return sieve
  })
  screen.setFilters(new Filters(sieves))
  return { screen, queue, sieves, buried, bury: burial.resolve }
}

type Made = ReturnType<typeof makeScreen>

function inFlight({ screen, queue }: Made): number {
  const counts = queue.inFlight()
  screen.addInFlight(counts)
  return counts.get('input') ?? 0
}

function residualOf(made: Made): number {
  return residual(made.queue.ledger.total, inFlight(made))
}

/** Writes what is in the queue. */
function drain(queue: Queue): readonly (number | string)[] {
  const parts = queue.take(1000, 1e9)
  const ids = parts.length === 0 ? [] : idsOf(batchOfParts(parts))
  queue.settle(parts)
  return ids
}

const fates = (...owners: readonly Tracked[]): readonly unknown[] => owners.map(({ fate }) => fate)

test('a chunk that no filter changes goes on as the same object', () => {
  const made = makeScreen((batch) => batch)
  const [a, b] = [tracked(2), tracked(1)]
  const chunk = chunkOf(
    [1, 2, 3],
    [
      [a, 2],
      [b, 1],
    ],
  )
  made.screen.push(chunk, true)
  expect(made.queue.take(10, 1e9)[0]!.chunk).toBe(chunk)
})

test('a record that is taken away settles its message, and no other', () => {
  const made = makeScreen((batch) => keep(batch, (value) => value !== 3))
  const [a, b, c] = [tracked(2), tracked(1), tracked(2)]
  made.screen.push(
    chunkOf(
      [1, 2, 3, 3, 5],
      [
        [a, 2],
        [b, 1],
        [c, 2],
      ],
    ),
    true,
  )
  expect(fates(a, b, c)).toEqual(['none', 'settled', 'none'])
  expect([made.queue.ledger.total.filtered, inFlight(made), residualOf(made)]).toEqual([2, 3, 0])
  expect(drain(made.queue)).toEqual([1, 2, 5])
  expect(fates(a, b, c)).toEqual(['settled', 'settled', 'settled'])
  expect([a, b, c].map(({ settledTimes }) => settledTimes)).toEqual([1, 1, 1])
  expect(made.queue.ledger.total).toMatchObject({ routed: 5, delivered: 3, filtered: 2 })
  expect(residualOf(made)).toBe(0)
})

test('a chunk of which nothing is left does not enter the queue', () => {
  const made = makeScreen(
    (batch) => keep(batch, () => false),
    () => expect.unreachable(),
  )
  const a = tracked(2)
  made.screen.push(chunkOf([1, 2], [[a, 2]]), true)
  expect([made.queue.empty, a.fate, residualOf(made)]).toEqual([true, 'settled', 0])
})

test('filters stand one behind the other', () => {
  const add = (by: number) => (batch: Batch) =>
    batch.signal === 'metric' ? { ...batch, values: Array.from(batch.values, (value) => value * by) } : batch
  const made = makeScreen(add(2), (batch) => keep(batch, (value) => value > 2), add(10))
  made.screen.push(chunkOf([1, 2, 3], [[tracked(3), 3]]), true)
  expect(drain(made.queue)).toEqual([40, 60])
})

test('the record that a filter throws on is a dead letter, and the others of its message go on', async () => {
  const made = makeScreen((batch) => {
    if (idsOf(batch).includes(3)) throw permanent('three!')
    return keep(batch, (value) => value !== 1)
  })
  const [a, b] = [tracked(3), tracked(1)]
  made.screen.push(
    chunkOf(
      [1, 2, 3, 4],
      [
        [a, 3],
        [b, 1],
      ],
    ),
    true,
  )
  expect(made.buried.map(({ part: { from, to }, error }) => [from, to, error.message])).toEqual([
    [2, 3, 'the filter f0 failed: three!'],
  ])
  expect([...made.screen.owners()]).toContain(a.delivery)
  expect([inFlight(made), residualOf(made)]).toEqual([3, 0])
  expect(drain(made.queue)).toEqual([2, 4])
  expect(fates(a, b)).toEqual(['none', 'settled'])
  made.bury()
  await expect.poll(() => a.fate).toMatchObject({ retryable: false })
  expect(made.queue.ledger.total).toMatchObject({ routed: 4, delivered: 2, filtered: 1, rejected: 1 })
  expect([inFlight(made), residualOf(made)]).toEqual([0, 0])
})

test.each<[string, (batch: Batch) => unknown]>([
  ['nothing', () => undefined],
  ['a promise', async (batch) => batch],
  ['more records than it was given', (batch) => ({ ...batch, length: batch.length + 1 })],
  ['another signal', () => ({ signal: 'log', length: 0, records: [] })],
  ['columns of another length', (batch) => ({ ...batch, length: 0.5 })],
  ['a column that is too short', (batch) => ({ ...batch, values: [] })],
])('a filter that returns %s has failed on it', (_, apply) => {
  const made = makeScreen(apply)
  made.screen.push(chunkOf([1], [[tracked(1), 1]]), true)
  expect([made.queue.empty, made.buried.length, made.sieves[0]!.counts.failures]).toEqual([true, 1, 1])
})

test('nothing passes a filter that is not open: it goes back to a source that waits, and is counted where none does', () => {
  const made = makeScreen((batch) => batch)
  made.sieves[0]!.put(undefined)
  const [a, b] = [tracked(1), tracked(1)]
  made.screen.push(chunkOf([1], [[a, 1]]), true)
  made.screen.push(chunkOf([2], [[b, 1]]), false)
  expect(made.queue.empty).toBe(true)
  expect(a.fate).toMatchObject({ code: 'SG_NO_FILTER' })
  expect(made.queue.ledger.total).toMatchObject({ routed: 2, returned: 1, unfiltered: 1 })
  expect(residualOf(made)).toBe(0)
})
