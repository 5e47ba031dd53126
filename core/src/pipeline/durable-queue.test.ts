import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { permanent, retryable } from '@smart-gateway/sdk'
import { openDiskQueue } from '../disk/disk-queue.ts'
import type { DiskQueueFile } from '../disk/disk-queue.ts'
import { chunkOf, idsOf, line, range, tracked } from '../testing/records.ts'
import type { Tracked } from '../testing/records.ts'
import { scratch } from '../testing/scratch.ts'
import { scripted } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'
import { DurableQueue } from './durable-queue.ts'
import { Queue } from './queue.ts'
import type { QueueLimits } from './entrance.ts'
import { Writer } from './writer.ts'

const MIB = 2 ** 20

interface Settings {
  readonly folder?: string
  readonly limits?: Partial<QueueLimits>
  readonly frontBytes?: number
  readonly open?: () => Promise<DiskQueueFile>
}

/** A disk queue with its memory queue and a writer, and what was told of it. */
async function makeDurable({ folder = scratch(), limits, frontBytes = MIB, open }: Settings = {}) {
  const random = vi.spyOn(Math, 'random').mockReturnValue(0)
  onTestFinished(() => random.mockRestore())
  const path = join(folder, 'queue.sqlite')
  const front = new Queue({ maxBytes: frontBytes, whenFull: 'block' })
  const told: string[] = []
  const queue: DurableQueue = new DurableQueue(
    { maxBytes: MIB, whenFull: 'block', ...limits },
    front,
    open ?? (() => openDiskQueue({ path, onDamage: (damage) => queue.damaged(damage) })),
    {
      failing: (error) => void told.push(`failing: ${error.message}`),
      works: () => void told.push('works'),
      damaged: ({ records, reason }) => void told.push(`damaged ${records}: ${reason}`),
      recovered: (records) => void told.push(`recovered ${records}`),
      unstorable: async ({ chunk, from, to }, error) =>
        void told.push(`unstorable ${idsOf(chunk.batch).slice(from, to).join()}: ${error.message}`),
    },
  )
  const writer = new Writer(
    front,
    { batch: { records: 1000, bytes: MIB, lingerMs: 0 }, retry: { initialMs: 1, maxMs: 4 } },
    { accepted() {}, retrying() {}, async refused() {} },
  )
  let closed: Promise<number> | undefined
  const close = async (): Promise<number> => (closed ??= writer.detach(0).then(() => queue.close()))
  onTestFinished(async () => void (await close()))
  await queue.start()
  const push = (from: number, to: number): Tracked => {
    const message = tracked(to - from)
    queue.push(chunkOf(range(from, to), [[message, to - from]]), true)
    return message
  }
  const unaccounted = (): number => {
    const { routed, recovered, delivered, rejected, dropped, returned } = front.ledger.total
    const inFlight = [...queue.inFlight().values()].reduce((sum, records) => sum + records, 0)
    return routed + recovered - delivered - rejected - dropped - returned - inFlight
  }
  return { folder, queue, front, writer, told, push, close, unaccounted }
}

test('a message is acknowledged when it is on the disk, whether or not anybody writes', async () => {
  const { push, unaccounted } = await makeDurable()
  const message = push(0, 10)
  expect(message.fate).toBe('none')
  await until('it to be acknowledged', () => message.fate === 'settled')
  expect(unaccounted()).toBe(0)
})

test('what is not written when it ends is there after the next start, in order, and once', async () => {
  const first = await makeDurable()
  const messages = [first.push(0, 1000), first.push(1000, 1500)]
  await until('both to be acknowledged', () => messages.every(({ fate }) => fate === 'settled'))
  expect(await first.close()).toBe(1500)

  const second = await makeDurable({ folder: first.folder })
  const session = scripted([])
  second.writer.attach(session)
  second.push(1500, 1600)
  await until('all to be written', () => session.writes.flat().length === 1600)
  expect(session.writes.flat()).toEqual(range(0, 1600))
  expect(second.front.ledger.total).toMatchObject({ routed: 100, recovered: 1500, delivered: 1600 })
  expect([second.unaccounted(), second.told]).toEqual([0, ['recovered 1500']])
  await until('its bytes to be gone', () => second.queue.bytes === 0)
  expect(await second.close()).toBe(0)

  const third = await makeDurable({ folder: first.folder })
  expect(third.told).toEqual([])
})

test('what is written is forgotten with the next batch: one fsync serves both', async () => {
  let file: DiskQueueFile | undefined
  const path = join(scratch(), 'queue.sqlite')
  const { push, writer, queue } = await makeDurable({
    open: async () => (file = await openDiskQueue({ path, onDamage() {} })),
  })
  const session = scripted([])
  writer.attach(session)
  const before = file!.commits
  for (let i = 0; i < 10; i++) {
    const message = push(i * 10, i * 10 + 10)
    await until(
      'it to be written',
      () => message.fate === 'settled' && session.writes.flat().length === i * 10 + 10,
    )
  }
  await until('its bytes to be gone', () => queue.bytes === 0)
  await until('the last one to be forgotten', () => file!.stored.batches === 0)
  expect(file!.commits - before).toBeLessThan(20)
})

test('a batch that was damaged between two runs is told, counted as lost, and the others are written', async () => {
  const first = await makeDurable()
  const messages: { readonly fate: unknown }[] = []
  for (let i = 0; i < 3; i++) {
    messages.push(first.push(i * 10, i * 10 + 10))
    await until('it to be acknowledged', () => messages[i]!.fate === 'settled')
  }
  await first.close()
  const database = new DatabaseSync(join(first.folder, 'queue.sqlite'))
  database.exec('UPDATE batches SET body = zeroblob(length(body)) WHERE id = 2')
  database.close()

  const second = await makeDurable({ folder: first.folder })
  const session = scripted([])
  second.writer.attach(session)
  await until('the others to be written', () => session.writes.flat().length === 20)
  expect(session.writes.flat()).toEqual([...range(0, 10), ...range(20, 30)])
  expect(second.told).toEqual(['damaged 10: its checksum is wrong', 'recovered 20'])
  expect(second.front.ledger.total).toMatchObject({ recovered: 30, delivered: 20, rejected: 10 })
  expect(second.unaccounted()).toBe(0)
  await until('its bytes to be gone', () => second.queue.bytes === 0)
})

test('more than fits into memory stays on the disk and is written in order', async () => {
  const { push, writer, front, queue, unaccounted } = await makeDurable({
    frontBytes: 20_000,
    limits: { maxBytes: 2 ** 30 },
  })
  const messages = range(0, 100).map((i) => push(i * 100, (i + 1) * 100))
  await until('all to be on the disk', () => messages.every(({ fate }) => fate === 'settled'))
  expect(front.bytes).toBeLessThan(60_000)
  const session = scripted([])
  writer.attach(session)
  const late = push(10_000, 10_100)
  await until('all to be written', () => session.writes.flat().length === 10_100)
  expect(session.writes.flat()).toEqual(range(0, 10_100))
  expect([late.fate, unaccounted()]).toEqual(['settled', 0])
  await until('its bytes to be gone', () => queue.bytes === 0)
})

test('at its bound it blocks, drops the newest, or drops the oldest, exactly', async () => {
  const blocking = await makeDurable({ limits: { maxBytes: 10_000 } })
  const rooms: string[] = []
  let pushed = 0
  while (!blocking.queue.blocks) blocking.push(pushed * 100, ++pushed * 100)
  blocking.queue.onRoom(() => rooms.push('room'))
  expect(rooms).toEqual([])
  blocking.writer.attach(scripted([]))
  await until('room', () => rooms.length === 1)

  for (const whenFull of ['dropNewest', 'dropOldest'] as const) {
    const dropping = await makeDurable({ limits: { maxBytes: 10_000, whenFull } })
    const messages = [] as Tracked[]
    for (let i = 0; i < 50; i++) {
      messages.push(dropping.push(i * 100, (i + 1) * 100))
      await until('it to have its fate', () => messages.at(-1)!.fate !== 'none')
    }
    expect(new Set(messages.map(({ fate }) => fate))).toEqual(new Set(['settled']))
    expect(dropping.queue.blocks).toBe(false)
    const session = scripted([])
    dropping.writer.attach(session)
    await until('the rest to be written', () => dropping.queue.bytes === 0)
    const written = session.writes.flat() as number[]
    const { dropped } = dropping.front.ledger.total
    expect([dropped + written.length, dropping.unaccounted()]).toEqual([5000, 0])
    expect(written.includes(0)).toBe(whenFull === 'dropNewest')
    expect(written.includes(4999)).toBe(whenFull === 'dropOldest')
  }
})

test('a record that the store refuses for good leaves the disk too', async () => {
  const { push, writer, front, queue } = await makeDurable()
  push(0, 4)
  writer.attach(scripted([() => ({ rejected: [{ index: 1, error: permanent('no') }] })]))
  await until('it to be empty', () => queue.bytes === 0 && front.ledger.total.rejected === 1)
  expect(front.ledger.total).toMatchObject({ delivered: 3, rejected: 1 })
})

test('a record that cannot be stored is refused alone, with its reason; its neighbours go to the disk', async () => {
  const { queue, told, unaccounted } = await makeDurable()
  const messages = [41, 1, 58].map((records) => [tracked(records), records] as const)
  const chunk = chunkOf(range(0, 100), messages)
  const records = range(0, 100).map((id) => ({ ...line(`${id}`), timeMs: id === 41 ? Number.NaN : 0 }))
  queue.push({ ...chunk, batch: { signal: 'log', length: 100, records } }, true)
  await until('each has its fate', () => messages.every(([{ fate }]) => fate !== 'none'))
  expect(told).toEqual([expect.stringMatching(/^unstorable 41: .*NaN, which JSON cannot hold/)])
  expect(messages.map(([{ fate }]) => fate)).toEqual([
    'settled',
    expect.objectContaining({ retryable: false }),
    'settled',
  ])
  expect(unaccounted()).toBe(0)
})

test('a file that cannot be opened makes inputs wait, is told, and works once it can', async () => {
  const folder = scratch()
  mkdirSync(join(folder, 'queue.sqlite'), { recursive: true })
  const { queue, told, push } = await makeDurable({ folder })
  expect(queue.blocks).toBe(true)
  const message = push(0, 3)
  expect(told[0]).toMatch(/^failing: /)
  rmSync(join(folder, 'queue.sqlite'), { recursive: true })
  await until('it to be acknowledged', () => message.fate === 'settled')
  expect([queue.blocks, told.at(-1)]).toEqual([false, 'works'])
})

test('a file of something else is never overwritten', async () => {
  const folder = scratch()
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'queue.sqlite'),
    'a letter to my grandmother, and much more than a header could hold',
  )
  const { queue, told } = await makeDurable({ folder })
  expect(queue.blocks).toBe(true)
  expect(told[0]).toMatch(/^failing: .*queue\.sqlite/)
})

test('a full disk makes inputs wait; what waits goes to the disk when there is room, in order, and is acknowledged then', async () => {
  const folder = scratch()
  let full = true
  const { queue, told, push, writer, unaccounted } = await makeDurable({
    folder,
    async open() {
      const file = await openDiskQueue({ path: join(folder, 'queue.sqlite'), onDamage() {} })
      return new Proxy(file, {
        get(target, name) {
          if (name === 'append' && full) {
            return () => ({ id: 1, bytes: 100, onDisk: Promise.reject(retryable('the disk is full')) })
          }
          const value = Reflect.get(target, name, target) as unknown
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  })
  const first = push(0, 3)
  await until('it to block', () => queue.blocks)
  const second = push(3, 6)
  expect([first.fate, second.fate, told[0]]).toEqual(['none', 'none', 'failing: the disk is full'])
  full = false
  await until('both to be acknowledged', () => first.fate === 'settled' && second.fate === 'settled')
  const session = scripted([])
  writer.attach(session)
  await until('both to be written', () => session.writes.flat().length === 6)
  expect(session.writes.flat()).toEqual(range(0, 6))
  expect([queue.blocks, told.at(-1), unaccounted()]).toEqual([false, 'works', 0])
})

test('when its file ends before a removal is there, the rows that were written go with the next opening', async () => {
  const folder = scratch()
  const ends: (() => Promise<void>)[] = []
  const { queue, told, push, writer, unaccounted, close } = await makeDurable({
    folder,
    async open() {
      const file = await openDiskQueue({ path: join(folder, 'queue.sqlite'), onDamage() {} })
      const failed = Promise.withResolvers<Error>()
      const first = ends.length === 0
      ends.push(async () => {
        await file.close()
        failed.resolve(new Error('its thread died'))
      })
      return new Proxy(file, {
        get(target, name) {
          if (name === 'failed') return failed.promise
          if (name === 'remove' && first) return async () => {}
          const value = Reflect.get(target, name, target) as unknown
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  })
  const session = scripted([])
  writer.attach(session)
  push(0, 10)
  await until('it to be written', () => session.writes.flat().length === 10 && queue.bytes === 0)
  await ends[0]!()
  await until('it to be open again', () => ends.length === 2 && !queue.blocks)
  const message = push(10, 20)
  await until('the next to be written', () => session.writes.flat().length === 20)
  expect([message.fate, session.writes.flat(), unaccounted()]).toEqual(['settled', range(0, 20), 0])
  expect(told).toEqual(['failing: its thread died', 'works'])
  await until('its bytes to be gone', () => queue.bytes === 0)
  expect(await close()).toBe(0)
})

test('while its file cannot be written, what waits is bounded where the policy drops', async () => {
  for (const whenFull of ['dropNewest', 'dropOldest'] as const) {
    const folder = scratch()
    mkdirSync(join(folder, 'queue.sqlite'), { recursive: true })
    const { push, front, unaccounted } = await makeDurable({ folder, limits: { maxBytes: 10_000, whenFull } })
    const messages = range(0, 100).map((i) => push(i * 10, (i + 1) * 10))
    const { dropped } = front.ledger.total
    expect(dropped).toBeGreaterThanOrEqual(880)
    expect(dropped).toBeLessThanOrEqual(900)
    expect([messages[0]!.fate, messages[99]!.fate]).toEqual(
      whenFull === 'dropNewest' ? ['none', 'settled'] : ['settled', 'none'],
    )
    expect(unaccounted()).toBe(0)
  }
})

test('what came to the disk while memory was full of what never was there is written when that is', async () => {
  const { push, front, writer } = await makeDurable({ frontBytes: 1000 })
  front.push(chunkOf(range(0, 10), [[tracked(10), 10]]), true)
  const messages = [push(10, 20), push(20, 30)]
  await until('it is on the disk', () => messages.every(({ fate }) => fate === 'settled'))
  const session = scripted([])
  writer.attach(session)
  await until('all is written', () => session.writes.flat().length === 30)
  expect(session.writes.flat()).toEqual(range(0, 30))
})
