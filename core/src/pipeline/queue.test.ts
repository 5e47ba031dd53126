import { expect, test } from 'vitest'
import { permanent } from '@smart-gateway/sdk'
import type { Batch } from '@smart-gateway/sdk'
import { chunkOf, idsOf, range, tracked } from '../testing/records.ts'
import type { Tracked } from '../testing/records.ts'
import { joinBatches, sliceBatch } from './batches.ts'
import type { Chunk, Owner, Part } from './chunk.ts'
import { Delivery } from './delivery.ts'
import { Queue } from './queue.ts'
import type { QueueLimits, WhenFull } from './entrance.ts'

const KIB = 1024

function makeQueue(whenFull: WhenFull = 'block', maxBytes = 64 * KIB): Queue {
  return new Queue({ whenFull, maxBytes })
}

/** Pushes one message with samples of these values. */
function push(queue: Queue, from: number, to: number): Tracked {
  const message = tracked(to - from)
  queue.push(chunkOf(range(from, to), [[message, to - from]]), true)
  return message
}

function ids(parts: readonly Part[]): readonly (number | string)[] {
  return parts.flatMap(({ chunk, from, to }) => idsOf(sliceBatch(chunk.batch, from, to)))
}

test('records come out in the order in which they went in, up to the limits', () => {
  const queue = makeQueue()
  push(queue, 0, 3)
  push(queue, 3, 10)
  expect(ids(queue.take(5, KIB))).toEqual([0, 1, 2, 3, 4])
  expect(queue.walk()).toEqual({ records: 5, open: 5 })
})

test('a batch is bounded by bytes, but holds at least one record', () => {
  const queue = makeQueue()
  push(queue, 0, 10)
  const first = queue.take(1000, 350)
  expect(ids(first)).toEqual([0, 1, 2])
  queue.settle(first)
  expect(ids(queue.take(1000, 1))).toEqual([3])
})

test('a batch holds one signal', () => {
  const queue = makeQueue()
  const logs: Chunk = {
    ...chunkOf([], []),
    batch: { signal: 'log', length: 1, records: [{ index: 'x' }] as never },
    owners: [tracked(1).delivery],
    ends: [1],
    bytes: 100,
  }
  push(queue, 0, 2)
  queue.push(logs, true)
  push(queue, 2, 3)
  for (const expected of [[0, 1], ['x'], [2]]) {
    const parts = queue.take(1000, KIB)
    expect(ids(parts)).toEqual(expected)
    queue.settle(parts)
  }
  expect(queue.take(1000, KIB)).toEqual([])
})

test('a message of 10,000 records settles with its last one', () => {
  const queue = makeQueue('block', 2 ** 30)
  const message = push(queue, 0, 10_000)
  const sizes: number[] = []
  for (;;) {
    const parts = queue.take(1000, 2 ** 20)
    if (parts.length === 0) break
    sizes.push(ids(parts).length)
    expect(message.fate).toBe('none')
    queue.settle(parts)
  }
  expect(sizes).toEqual(Array(10).fill(1000))
  expect(message).toMatchObject({ fate: 'settled', settledTimes: 1 })
  expect(queue.ledger.total).toMatchObject({ routed: 10_000, delivered: 10_000, rejected: 0, dropped: 0 })
})

test('each message of a chunk learns its own fate', () => {
  const queue = makeQueue()
  const [a, b, c] = [tracked(2), tracked(1), tracked(3)] as const
  queue.push(
    chunkOf(range(0, 6), [
      [a, 2],
      [b, 1],
      [c, 3],
    ]),
    true,
  )
  const [part] = queue.take(1000, KIB) as [Part]
  const [bad, good] = [
    { ...part, from: 1, to: 4 },
    { ...part, from: 4, to: 6 },
  ] as const
  queue.divide([part], [{ ...part, to: 1 }, bad, good])
  const error = permanent('no')
  queue.settle([bad], error)
  expect([a.fate, c.fate]).toEqual(['none', 'none'])
  expect(b.fate).toMatchObject({ retryable: false, cause: error })
  queue.settle([good])
  expect(c.fate).toMatchObject({ cause: error })
  queue.putBack()
  queue.settle(queue.take(1000, KIB))
  expect(a.fate).toMatchObject({ cause: error })
  expect([a, b, c].map(({ settledTimes }) => settledTimes)).toEqual([1, 1, 1])
  expect(queue.ledger.total).toMatchObject({ routed: 6, delivered: 3, rejected: 3, dropped: 0 })
})

test('what an output has not settled goes back to the front, in order', () => {
  const queue = makeQueue()
  push(queue, 0, 4)
  push(queue, 4, 6)
  queue.take(3, KIB)
  queue.putBack()
  expect(queue.walk()).toEqual({ records: 6, open: 0 })
  expect(ids(queue.take(1000, KIB))).toEqual([0, 1, 2, 3, 4, 5])
})

test('block: it says so at its bound and calls back once it has room', () => {
  const queue = makeQueue('block', KIB)
  push(queue, 0, 10)
  expect(queue.blocks).toBe(false)
  push(queue, 10, 20)
  expect(queue.blocks).toBe(true)
  const called: string[] = []
  queue.onRoom(() => void called.push('room'))
  const parts = queue.take(5, KIB)
  expect(queue.blocks).toBe(true)
  queue.settle(parts)
  expect(called).toEqual([])
  queue.settle(queue.take(10, KIB))
  expect([queue.blocks, queue.bytes, called]).toEqual([false, 500, ['room']])
  queue.onRoom(() => void called.push('at once'))
  expect(called).toEqual(['room', 'at once'])
})

test('dropOldest: the newest records stay, every dropped one is counted, and its message is settled', () => {
  const queue = makeQueue('dropOldest', KIB)
  const messages = range(0, 10).map((i) => push(queue, i * 5, i * 5 + 5))
  expect(queue.ledger.total).toMatchObject({ routed: 50, dropped: 40 })
  expect(messages.map(({ fate }) => fate)).toEqual([...Array<string>(8).fill('settled'), 'none', 'none'])
  expect(ids(queue.take(1000, KIB))).toEqual(range(40, 50))
  expect(queue.blocks).toBe(false)
})

test('dropOldest: what is being written is not dropped under the output', () => {
  const queue = makeQueue('dropOldest', KIB)
  const first = push(queue, 0, 8)
  const open = queue.take(1000, KIB)
  for (let i = 1; i < 5; i++) push(queue, i * 8, i * 8 + 8)
  expect(first.fate).toBe('none')
  expect(queue.walk()).toEqual({ records: 2, open: 8 })
  queue.settle(open)
  expect(first.fate).toBe('settled')
  expect(queue.ledger.total).toMatchObject({ routed: 40, delivered: 8, rejected: 0, dropped: 30 })
})

test('dropNewest: what is there stays, what comes beyond the bound is counted and settled', () => {
  const queue = makeQueue('dropNewest', KIB)
  const messages = range(0, 5).map((i) => push(queue, i * 5, i * 5 + 5))
  expect(queue.ledger.total).toMatchObject({ routed: 25, dropped: 15 })
  expect(messages.map(({ fate }) => fate)).toEqual(['none', 'none', 'settled', 'settled', 'settled'])
  expect(ids(queue.take(1000, 2 * KIB))).toEqual(range(0, 10))
})

test('an optional output settles nothing', () => {
  const queue = makeQueue()
  const message = tracked(1)
  queue.push(chunkOf([1], [[message, 1]]), false)
  queue.settle(queue.take(1000, KIB))
  expect(message.fate).toBe('none')
})

test('it wakes its writer once, and at once when something waits', () => {
  const queue = makeQueue()
  let woken = 0
  queue.onItem(() => void woken++)
  push(queue, 0, 1)
  push(queue, 1, 2)
  expect(woken).toBe(1)
  queue.onItem(() => void woken++)
  expect(woken).toBe(2)
})

test('100,000 chunks pass without the queue growing', () => {
  const queue = makeQueue()
  for (let i = 0; i < 100_000; i++) {
    push(queue, i, i + 2)
    queue.settle(queue.take(2, KIB))
  }
  expect(queue.walk()).toEqual({ records: 0, open: 0 })
  expect(Math.abs(queue.bytes)).toBeLessThan(1e-6)
})

test('batches are joined and cut without a record lost or moved', () => {
  const [a, b] = [chunkOf(range(0, 3), []).batch, chunkOf(range(3, 5), []).batch]
  expect(idsOf(joinBatches([a, b]))).toEqual(range(0, 5))
  expect(joinBatches([a])).toBe(a)
  expect(sliceBatch(a, 0, 3)).toBe(a)
  expect(sliceBatch(a, 1, 3)).toMatchObject({ length: 2, values: [1, 2], times: [0, 0] })
})

test('a record that is too old when its turn comes is let go of and counted: by its own time, else by its arrival', () => {
  const queue = new Queue({ whenFull: 'block', maxBytes: 64 * KIB, maxAgeMs: 1000 })
  const now = Date.now()
  const times = [now - 5000, now, now - 5000, now - 5000, 0, now]
  const message = tracked(6)
  const chunk = chunkOf(range(0, 6), [[message, 6]])
  queue.push({ ...chunk, batch: { ...chunk.batch, times } as never }, true)
  const old = tracked(2)
  queue.push({ ...chunkOf([6, 7], [[old, 2]]), arrivedMs: now - 5000 }, true)
  const written: (number | string)[] = []
  for (let parts = queue.take(1000, KIB); parts.length > 0; parts = queue.take(1000, KIB)) {
    written.push(...ids(parts))
    queue.settle(parts)
  }
  expect(written).toEqual([1, 4, 5])
  expect(queue.ledger.total).toMatchObject({ routed: 8, delivered: 3, expired: 5 })
  expect([message.fate, old.fate, queue.bytes]).toEqual(['settled', 'settled', 0])
})

test.each(['block', 'dropOldest', 'dropNewest'] as const)(
  'a bound in records holds as one in bytes does: %s',
  (whenFull) => {
    const queue = new Queue({ whenFull, maxBytes: 64 * KIB, maxRecords: 5 })
    push(queue, 0, 3)
    expect(queue.blocks).toBe(false)
    push(queue, 3, 6)
    expect(queue.blocks).toBe(whenFull === 'block')
    push(queue, 6, 9)
    const expected = { block: range(0, 9), dropOldest: range(4, 9), dropNewest: range(0, 5) }
    expect(ids(queue.take(1000, 64 * KIB))).toEqual(expected[whenFull])
  },
)

test.each(['dropOldest', 'dropNewest'] as const)(
  'the bounds hold within what was decoded at once, and a record that is larger than the queue has it for itself: %s',
  (whenFull) => {
    const queue = new Queue({ whenFull, maxBytes: 1050, maxRecords: 100 })
    const message = push(queue, 0, 1000)
    expect(queue.ledger.total).toMatchObject({ routed: 1000, dropped: 990 })
    expect(message.fate).toBe('none')
    expect(ids(queue.take(1000, KIB))).toEqual(whenFull === 'dropOldest' ? range(990, 1000) : range(0, 10))
    const small = new Queue({ whenFull, maxBytes: 10 })
    push(small, 0, 3)
    expect(ids(small.take(1000, KIB))).toEqual(whenFull === 'dropOldest' ? [2] : [0])
  },
)

test('what a lost source brought is given back, but not what was acknowledged to it already', () => {
  const queue = makeQueue()
  const source = {}
  const owner = (settled: boolean): Owner => ({
    source,
    letter: undefined,
    isStored: false,
    failure: undefined,
    openAt: settled ? undefined : {},
    accept() {},
    abandon() {},
  })
  const [open, acknowledged] = [owner(false), owner(true)]
  const chunk = chunkOf(range(0, 6), [])
  queue.push({ ...chunk, owners: [open, acknowledged, owner(false)], ends: [2, 4, 6] }, false)
  const gone = queue.purge(source)
  expect([gone.size, gone.has(open), gone.has(acknowledged)]).toEqual([2, true, false])
  expect(ids(queue.take(1000, 64 * KIB))).toEqual([2, 3])
  expect(queue.ledger.total).toMatchObject({ routed: 6, returned: 4 })
  expect(queue.purge({}).size).toBe(0)
})

test.each<[string, QueueLimits, (queue: Queue) => void]>([
  ['full', { whenFull: 'dropNewest', maxBytes: 100 }, () => undefined],
  ['full', { whenFull: 'dropOldest', maxBytes: 100 }, (queue) => push(queue, 8, 9)],
  ['older', { whenFull: 'block', maxBytes: 1000, maxAgeMs: 1000 }, (queue) => void queue.take(9, KIB)],
])(
  'a dead letter that is tried again was not delivered when the queue lets go of it: %s',
  async (why, limits, then) => {
    const queue = new Queue(limits)
    if (limits.whenFull === 'dropNewest') push(queue, 0, 1)
    const fate = new Promise<void>((resolve, reject) => {
      const counted = { settled() {} }
      const owner = new Delivery({ body: Buffer.alloc(0) }, counted, resolve, reject, undefined, undefined, 7)
      owner.expect(1)
      const chunk = chunkOf([1], [[tracked(1), 1]])
      queue.push({ ...chunk, owners: [owner], batch: { ...chunk.batch, times: [1] } as Batch }, true)
    })
    then(queue)
    await expect(fate).rejects.toThrow(why)
  },
)
