import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { permanent, retryable } from '@smart-gateway/sdk'
import type { PluginError } from '@smart-gateway/sdk'
import { chunkOf, range, tracked } from '../testing/records.ts'
import type { Tracked } from '../testing/records.ts'
import { scripted } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'
import { Queue } from './queue.ts'
import type { WhenFull } from './entrance.ts'
import { Writer } from './writer.ts'

/** A queue with its writer, and what the writer told its owner. */
function bench({
  records = 1000,
  bytes = 2 ** 20,
  lingerMs = 0,
  maxBytes = 2 ** 30,
  whenFull = 'block' as WhenFull,
} = {}) {
  const queue = new Queue({ maxBytes, whenFull })
  const told: string[] = []
  const delays: number[] = []
  const writer = new Writer(
    queue,
    { batch: { records, bytes, lingerMs }, retry: { initialMs: 1, maxMs: 4 } },
    {
      accepted: (records) => void told.push(`accepted ${records}`),
      retrying(error, delayMs) {
        told.push(`retrying: ${error.message}`)
        delays.push(delayMs)
      },
      async refused(refused) {
        const records = refused.reduce((sum, { part }) => sum + part.to - part.from, 0)
        told.push(`refused ${records}: ${refused[0]!.error.message}`)
      },
    },
  )
  onTestFinished(() => writer.detach(0))
  return {
    queue,
    writer,
    told,
    delays,
    /** Queues one message with samples of these values. */
    push(from: number, to: number): Tracked {
      const message = tracked(to - from)
      queue.push(chunkOf(range(from, to), [[message, to - from]]), true)
      return message
    },
  }
}

function fail(error: unknown): () => never {
  return () => {
    throw error
  }
}

test('an idle output takes what is there at once; while it writes, the next batch gathers', async () => {
  const { writer, push } = bench()
  const first = Promise.withResolvers<void>()
  const session = scripted([() => first.promise])
  writer.attach(session)
  push(0, 2)
  await until('the first write', () => session.writes.length === 1)
  push(2, 3)
  const last = push(3, 5)
  await delay(10)
  expect(session.writes).toEqual([[0, 1]])
  first.resolve()
  await until('everything is settled', () => last.fate === 'settled')
  expect(session.writes).toEqual([
    [0, 1],
    [2, 3, 4],
  ])
})

test('10,000 records go in batches of 1,000, in order', async () => {
  const { writer, push } = bench()
  const message = push(0, 10_000)
  const session = scripted([])
  writer.attach(session)
  await until('the message is settled', () => message.fate === 'settled')
  expect(session.writes.map((ids) => ids.length)).toEqual(Array(10).fill(1000))
  expect(session.writes.flat()).toEqual(range(0, 10_000))
})

test('a batch holds no more records than its limit', async () => {
  const { writer, push } = bench({ records: 3 })
  const message = push(0, 7)
  const session = scripted([])
  writer.attach(session)
  await until('the message is settled', () => message.fate === 'settled')
  expect(session.writes.map((ids) => ids.length)).toEqual([3, 3, 1])
})

describe('an output that lingers', () => {
  test('waits for its batch to fill, and for no longer than that', async () => {
    const { writer, push } = bench({ records: 4, lingerMs: 60_000 })
    const session = scripted([])
    writer.attach(session)
    push(0, 3)
    await delay(20)
    expect(session.writes).toEqual([])
    const last = push(3, 4)
    await until('everything is settled', () => last.fate === 'settled')
    expect(session.writes).toEqual([[0, 1, 2, 3]])
  })

  test('waits as long as it was told and writes what there is', async () => {
    const { writer, push } = bench({ lingerMs: 50 })
    const session = scripted([])
    writer.attach(session)
    const startedMs = performance.now()
    const message = push(0, 1)
    await until('the message is settled', () => message.fate === 'settled')
    expect(performance.now() - startedMs).toBeGreaterThan(45)
    expect(session.writes).toEqual([[0]])
  })

  test('waits no longer once a source can send no more before it is settled', async () => {
    const { queue, writer, push } = bench({ lingerMs: 60_000 })
    const session = scripted([])
    writer.attach(session)
    const message = push(0, 2)
    await delay(20)
    expect(session.writes).toEqual([])
    queue.hurry()
    await until('the message is settled', () => message.fate === 'settled')
    const next = push(2, 3)
    await delay(20)
    expect(next.fate).toBe('none')
  })

  test('writes everything for which a source waits, however many batches that are', async () => {
    const { queue, writer, push } = bench({ records: 4, lingerMs: 60_000 })
    const session = scripted([])
    const message = push(0, 10)
    queue.hurry()
    writer.attach(session)
    await until('the message is settled', () => message.fate === 'settled')
    expect(session.writes.map((ids) => ids.length)).toEqual([4, 4, 2])
  })

  test('waits for the next batch to fill when a source waits only for what is written already', async () => {
    const { queue, writer, push } = bench({ records: 2, lingerMs: 60_000 })
    const write = Promise.withResolvers<void>()
    const session = scripted([() => write.promise])
    writer.attach(session)
    const first = push(0, 2)
    await until('the first write', () => session.writes.length === 1)
    queue.hurry()
    write.resolve()
    await until('the message is settled', () => first.fate === 'settled')
    push(2, 3)
    await delay(20)
    expect(session.writes).toEqual([[0, 1]])
  })

  test.each<WhenFull>(['block', 'dropOldest', 'dropNewest'])(
    'does not wait for a batch that its queue cannot hold: %s',
    async (whenFull) => {
      const { writer, push } = bench({ maxBytes: 250, whenFull, lingerMs: 60_000 })
      const session = scripted([])
      writer.attach(session)
      push(0, 1)
      push(1, 2)
      await delay(20)
      expect(session.writes).toEqual([])
      push(2, 3)
      await until('what is left is written', () => session.writes.length > 0)
      const left = { block: [0, 1, 2], dropOldest: [1, 2], dropNewest: [0, 1] }
      expect(session.writes).toEqual([left[whenFull]])
    },
  )

  test('lets the next session write at once what the one before could not', async () => {
    const { queue, writer, push } = bench({ records: 4, lingerMs: 60_000 })
    const stuck = scripted([() => new Promise(() => {})])
    writer.attach(stuck)
    const message = push(0, 2)
    queue.hurry()
    await until('the first write', () => stuck.writes.length === 1)
    await writer.detach(0)
    writer.attach(scripted([]))
    await until('the message is settled', () => message.fate === 'settled')
  })

  test.each([0, 1])('leaves a batch of %i so far at once when its session is taken away', async (records) => {
    const { writer, push } = bench({ lingerMs: 60_000 })
    writer.attach(scripted([]))
    if (records > 0) push(0, records)
    await delay(5)
    const startedMs = performance.now()
    await writer.detach(5000)
    expect(performance.now() - startedMs).toBeLessThan(1000)
  })
})

test('a batch that fails is tried again, before anything newer, until it is accepted', async () => {
  const { writer, push, told, queue } = bench()
  const first = push(0, 3)
  const session = scripted([
    fail(retryable('busy')),
    fail(new Error('reset')),
    fail({ retryable: true, message: 'odd' }),
  ])
  writer.attach(session)
  const last = push(3, 4)
  await until('everything is settled', () => last.fate === 'settled')
  expect(first.fate).toBe('settled')
  expect(session.writes).toEqual([[0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2], [3]])
  expect(told).toEqual(['retrying: busy', 'retrying: reset', 'retrying: odd', 'accepted 3', 'accepted 1'])
  expect(queue.ledger.total).toMatchObject({ routed: 4, delivered: 4, rejected: 0, dropped: 0 })
})

test('a store that names its time is left alone until then', async () => {
  const { writer, push, delays } = bench()
  const message = push(0, 1)
  const writtenAt: number[] = []
  const session = scripted([
    () => {
      writtenAt.push(performance.now())
      throw retryable('slow down', { retryAfter: 120 })
    },
    () => void writtenAt.push(performance.now()),
  ])
  writer.attach(session)
  await until('the message is settled', () => message.fate === 'settled')
  expect(delays).toEqual([120])
  expect(writtenAt[1]! - writtenAt[0]!).toBeGreaterThan(115)
})

test.each([Number.NaN, Infinity, -5, '5' as unknown as number, 1e12])(
  'a retryAfter of %s makes no hot loop and no crash',
  async (retryAfter) => {
    const { writer, push, delays } = bench()
    push(0, 1)
    writer.attach(scripted([fail(retryable('x', { retryAfter }))]))
    await until('it has been told', () => delays.length > 0)
    expect(delays[0]).toBeGreaterThanOrEqual(1)
    expect(delays[0]).toBeLessThan(2 ** 31)
  },
)

/** A session that refuses every batch with one of these records in it, and does not say for which. */
function poisoned(error: unknown, ...poison: readonly number[]) {
  const step = (ids: readonly (number | string)[]): void => {
    if (ids.some((id) => poison.includes(id as number))) throw error
  }
  return scripted(Array(200).fill(step))
}

test('a record that is refused for good is not tried again, and the next one goes on', async () => {
  const { writer, push, told, queue } = bench()
  const error = permanent('mapping')
  const session = poisoned(error, 0)
  const first = push(0, 1)
  writer.attach(session)
  const last = push(1, 2)
  await until('everything is settled', () => last.fate === 'settled')
  expect(first.fate).toMatchObject({ retryable: false, cause: error })
  expect(told).toEqual(['refused 1: mapping', 'accepted 1'])
  expect(queue.ledger.total).toMatchObject({ routed: 2, delivered: 1, rejected: 1, dropped: 0 })
})

test('of a batch that is refused as a whole, only the records that the store cannot take are refused', async () => {
  const { writer, push, queue } = bench()
  const session = poisoned(permanent('mapping'), 3, 700)
  const messages = Array.from({ length: 10 }, (_, i) => push(i * 100, (i + 1) * 100))
  writer.attach(session)
  await until('everything is settled', () => messages.every(({ fate }) => fate !== 'none'))
  expect(messages.map(({ fate }) => fate === 'settled')).toEqual([
    false,
    ...Array(6).fill(true),
    false,
    true,
    true,
  ])
  expect(queue.ledger.total).toMatchObject({ routed: 1000, delivered: 998, rejected: 2, dropped: 0 })
  expect(queue.walk()).toEqual({ records: 0, open: 0 })
  // Twice for each halving down to each of the two, and once for the whole.
  expect(session.writes.length).toBeLessThan(45)
})

test('a session that is taken away in the middle of the halves leaves nothing without a fate', async () => {
  const { writer, push, queue } = bench()
  const first = poisoned(permanent('mapping'), 5)
  let writes = 0
  const messages = [push(0, 8)]
  writer.attach({
    async write(batch) {
      if (++writes === 3) void writer.detach(0)
      return await first.write(batch)
    },
  })
  await until('it to be detached', () => writes >= 3)
  await delay(5)
  writer.attach(poisoned(permanent('mapping'), 5))
  await until('everything is settled', () => messages[0]!.fate !== 'none')
  expect(queue.ledger.total).toMatchObject({ routed: 8, delivered: 7, rejected: 1 })
  expect(queue.walk()).toEqual({ records: 0, open: 0 })
})

test('records are rejected one by one: good ones are accepted, bad ones refused, the rest is tried again in order', async () => {
  const { writer, push, told, queue } = bench()
  const [a, b, c] = [push(0, 3), push(3, 6), push(6, 9)] as const
  const rejected = [
    { index: 1, error: permanent('bad') },
    { index: 4, error: retryable('busy') },
    { index: 5, error: new Error('unknown') },
    { index: 8, error: permanent('worse') },
  ]
  const session = scripted([
    () => ({ rejected }),
    () => ({ rejected: [{ index: 1, error: permanent('late') }] }),
  ])
  writer.attach(session)
  await until('everything is settled', () => [a, b, c].every(({ fate }) => fate !== 'none'))
  expect(session.writes).toEqual([range(0, 9), [4, 5]])
  expect([a.fate, b.fate, c.fate].map((fate) => ((fate as Error).cause as Error).message)).toEqual([
    'bad',
    'late',
    'worse',
  ])
  expect([a, b, c].map(({ settledTimes }) => settledTimes)).toEqual([1, 1, 1])
  expect(told).toEqual(['accepted 5', 'refused 2: bad', 'retrying: busy', 'accepted 1', 'refused 1: late'])
  expect(queue.ledger.total).toMatchObject({ routed: 9, delivered: 6, rejected: 3, dropped: 0 })
  expect(queue.walk()).toEqual({ records: 0, open: 0 })
})

test('a store that dislikes every record is told in one line for a batch', async () => {
  const { writer, push, told } = bench()
  const message = push(0, 1000)
  writer.attach(
    scripted([(ids) => ({ rejected: ids.map((_, index) => ({ index, error: permanent(`no ${index}`) })) })]),
  )
  await until('the message is refused', () => message.fate !== 'none')
  expect(told).toEqual(['refused 1000: no 0'])
})

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['null', null],
  ['a string', 'text'],
  ['a symbol', Symbol('x')],
  ['an object without a prototype', Object.create(null)],
])('a plugin that throws %s is tried again as any other', async (_, thrown) => {
  const { writer, push, told } = bench()
  const message = push(0, 1)
  writer.attach(scripted([fail(thrown)]))
  await until('the message is settled', () => message.fate === 'settled')
  expect(told).toHaveLength(2)
  expect(told[0]).toMatch(/^retrying: \S+/)
})

test.each<[string, unknown]>([
  ['something else', { ok: true }],
  ['null', null],
  ['no rejections', { rejected: [] }],
  ['rejections that are undefined', { rejected: undefined }],
])('a write that returns %s has accepted the batch', async (_, result) => {
  const { writer, push, told } = bench()
  const message = push(0, 2)
  writer.attach(scripted([() => result]))
  await until('the message is settled', () => message.fate === 'settled')
  expect(told).toEqual(['accepted 2'])
})

test('a rejection without an error is not taken for an acceptance', async () => {
  const { writer, push, queue } = bench()
  const message = push(0, 2)
  const session = scripted([() => ({ rejected: [{ index: 1, error: undefined as unknown as PluginError }] })])
  writer.attach(session)
  await until('the message is settled', () => message.fate === 'settled')
  expect(session.writes).toEqual([[0, 1], [1]])
  expect(queue.ledger.total.delivered).toBe(2)
})

test.each([2, -1, 0.5, Number.NaN])(
  'a rejection of record %s of 2 leaves the fate of all unknown: all are tried again',
  async (index) => {
    const { writer, push, told } = bench()
    const message = push(0, 2)
    const session = scripted([() => ({ rejected: [{ index, error: permanent('no') }] })])
    writer.attach(session)
    await until('the message is settled', () => message.fate === 'settled')
    expect(session.writes).toEqual([
      [0, 1],
      [0, 1],
    ])
    expect(told[0]).toContain('which one it means is not known')
  },
)

test('a session that is taken away ends its wait at once; its records wait for the next', async () => {
  const { writer, push, queue } = bench()
  const message = push(0, 3)
  writer.attach(scripted([fail(retryable('busy', { retryAfter: 60_000 }))]))
  await until('it waits', () => queue.walk().open === 3)
  const start = performance.now()
  await writer.detach(5000)
  expect(performance.now() - start).toBeLessThan(1000)
  expect(queue.walk()).toEqual({ records: 3, open: 0 })
  const next = scripted([])
  writer.attach(next)
  await until('the message is settled', () => message.fate === 'settled')
  expect(next.writes).toEqual([[0, 1, 2]])
})

test('a write that ends within the grace counts', async () => {
  const { writer, push, queue } = bench()
  const message = push(0, 3)
  const write = Promise.withResolvers<void>()
  writer.attach(scripted([() => write.promise]))
  await until('it writes', () => queue.walk().open === 3)
  const detached = writer.detach(5000)
  write.resolve()
  await detached
  expect(message.fate).toBe('settled')
  expect(queue.walk()).toEqual({ records: 0, open: 0 })
})

test('a write that hangs is given up after the grace, and its late answer changes nothing', async () => {
  const { writer, push, queue, told } = bench()
  const message = push(0, 3)
  const hanging = Promise.withResolvers<void>()
  writer.attach(scripted([() => hanging.promise]))
  await until('it writes', () => queue.walk().open === 3)
  await writer.detach(20)
  hanging.resolve()
  await delay(5)
  expect([message.fate, queue.ledger.total.delivered, queue.walk().records, told]).toEqual(['none', 0, 3, []])
  const next = scripted([])
  writer.attach(next)
  await until('the message is settled', () => message.fate === 'settled')
  expect([message.settledTimes, queue.ledger.total.delivered]).toEqual([1, 3])
})

test('the records that a partly written batch still owes are what the next session gets', async () => {
  const { writer, push, queue } = bench()
  push(0, 4)
  const error = retryable('busy', { retryAfter: 60_000 })
  writer.attach(
    scripted([
      () => ({
        rejected: [
          { index: 1, error },
          { index: 3, error },
        ],
      }),
    ]),
  )
  await until('it waits', () => queue.ledger.total.delivered === 2)
  await writer.detach(0)
  const next = scripted([])
  writer.attach(next)
  await until('all is delivered', () => queue.ledger.total.delivered === 4)
  expect(next.writes).toEqual([[1, 3]])
})

test('after five failed writes in a row one record at a time is tried, until one is accepted', async () => {
  const { writer, push, told } = bench()
  const messages = [push(0, 10), push(10, 20)]
  const session = scripted(Array(7).fill(fail(retryable('down'))))
  writer.attach(session)
  await until('everything is settled', () => messages.every(({ fate }) => fate === 'settled'))
  expect(session.writes.map((ids) => ids.length)).toEqual([20, 20, 20, 20, 20, 1, 1, 1, 19])
  expect(session.writes.slice(-2).flat()).toEqual(range(0, 20))
  expect(told.filter((one) => one.startsWith('retrying'))).toHaveLength(7)
  expect(writer.broken).toBe(false)
})

test('a store that asks for a wait for each record by itself is as broken as one that asks once', async () => {
  const { writer, push } = bench()
  const message = push(0, 4)
  const error = retryable('busy')
  const busyForAll = (): { rejected: { index: number; error: Error }[] } => ({
    rejected: range(0, 4).map((index) => ({ index, error })),
  })
  const session = scripted(Array(5).fill(busyForAll))
  writer.attach(session)
  await until('everything is settled', () => message.fate === 'settled')
  expect(session.writes.map((ids) => ids.length)).toEqual([4, 4, 4, 4, 4, 1, 3])
})

test('a single record that was tried with the breaker open leaves nothing behind', async () => {
  const { queue, writer, push } = bench()
  const message = push(0, 1)
  writer.attach(scripted(Array(8).fill(fail(retryable('down')))))
  await until('it is settled', () => message.fate === 'settled')
  await queue.idle()
  expect([queue.walk(), queue.bytes]).toEqual([{ records: 0, open: 0 }, 0])
})

describe('a writer that changes sessions', () => {
  test('begins no write while it is held, and writes on through the same session, once its open write has ended', async () => {
    const { writer, push, queue } = bench()
    const open = Promise.withResolvers<void>()
    const session = scripted([() => open.promise])
    writer.attach(session)
    const first = push(0, 1)
    await until('it writes', () => session.writes.length === 1)
    await writer.hold(10, new AbortController().signal)
    const second = push(1, 2)
    writer.release()
    await delay(5)
    expect([session.writes, queue.walk()]).toEqual([[[0]], { records: 1, open: 1 }])
    open.resolve()
    await until('everything is settled', () => second.fate === 'settled')
    expect([first.settledTimes, session.writes]).toEqual([1, [[0], [1]]])
  })

  test('is held as soon as its open write has ended', async () => {
    const { writer, push } = bench()
    const open = Promise.withResolvers<void>()
    const session = scripted([() => open.promise])
    writer.attach(session)
    const first = push(0, 1)
    await until('it writes', () => session.writes.length === 1)
    const second = push(1, 2)
    const held = writer.hold(60_000, new AbortController().signal)
    open.resolve()
    await held
    await delay(5)
    expect([first.fate, second.fate, session.writes]).toEqual(['settled', 'none', [[0]]])
    const next = scripted([])
    writer.replace(next)
    await until('everything is settled', () => second.fate === 'settled')
    expect([session.writes, next.writes]).toEqual([[[0]], [[1]]])
  })

  test('gives a write up that hangs when its session is replaced; a late answer changes nothing', async () => {
    const { writer, push, queue, told } = bench()
    const open = Promise.withResolvers<void>()
    const message = push(0, 3)
    writer.attach(scripted([() => open.promise]))
    await until('it writes', () => queue.walk().open === 3)
    await writer.hold(10, new AbortController().signal)
    const next = scripted([])
    writer.replace(next)
    open.resolve()
    await until('it is settled', () => message.fate === 'settled')
    await delay(5)
    expect([message.settledTimes, next.writes, told]).toEqual([1, [[0, 1, 2]], ['accepted 3']])
  })

  test.each([
    ['that waits to try again', [fail(retryable('busy', { retryAfter: 60_000 }))], 0],
    ['that waits for its batch to fill', [], 60_000],
  ])('replaces at once a session %s', async (_, steps, lingerMs) => {
    const { writer, push, queue } = bench({ lingerMs })
    const message = push(0, 2)
    writer.attach(scripted(steps))
    await delay(5)
    const startedMs = performance.now()
    await writer.hold(60_000, new AbortController().signal)
    const next = scripted([])
    writer.replace(next)
    queue.hurry()
    await until('it is settled', () => message.fate === 'settled')
    expect(performance.now() - startedMs).toBeLessThan(1000)
    expect(next.writes).toEqual([[0, 1]])
  })

  test('tells the moment between two writes: what was accepted counts, and the next one has not begun', async () => {
    const { writer, push, queue } = bench({ records: 1 })
    const open = Promise.withResolvers<void>()
    const session = scripted([() => open.promise])
    writer.attach(session)
    const seen: unknown[] = []
    const look = (): void => void seen.push([queue.ledger.total.delivered, session.writes.length])
    writer.between(look)
    push(0, 3)
    await until('it writes', () => session.writes.length === 1)
    writer.between(look)
    open.resolve()
    await until('everything is settled', () => queue.ledger.total.delivered === 3)
    expect(seen).toEqual([
      [0, 0],
      [1, 1],
    ])
  })
})
