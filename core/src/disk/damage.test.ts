import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { Batch, LogBatch } from '@smart-gateway/sdk'
import { plain, randomBatch, randomSeries } from '../testing/random-batches.ts'
import { range } from '../testing/records.ts'
import { scratch } from '../testing/scratch.ts'
import { seeded } from '../testing/seeded.ts'
import type { Seeded } from '../testing/seeded.ts'
import { openDiskQueue } from './disk-queue.ts'
import type { DiskQueueFile, StoredBatch } from './disk-queue.ts'
import type { Damage } from './messages.ts'

interface Opened {
  readonly file: DiskQueueFile
  readonly damage: Damage[]
}

async function open(path: string): Promise<Opened> {
  const damage: Damage[] = []
  const file = await openDiskQueue({ path, onDamage: (one) => void damage.push(one) })
  onTestFinished(() => file.close())
  return { file, damage }
}

/** A queue's file with random batches, closed; the batches are by their ids. */
async function filled(random: Seeded, path: string, count = 40): Promise<Map<number, Batch>> {
  const { file } = await open(path)
  const series = range(0, 200).map(() => randomSeries(random))
  const appended = range(0, count).map(() => {
    const batch = randomBatch(random, series, 300)
    return [file.append('in', batch, 0), batch] as const
  })
  await file.close()
  return new Map(appended.map(([{ id }, batch]) => [id, plain(batch)]))
}

/** Opens a file that may be damaged and reads all of it; undefined when it is refused. */
async function survey(path: string): Promise<{ read: readonly StoredBatch[]; lost: number } | undefined> {
  let opened: Opened
  try {
    opened = await open(path)
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^SG_QUEUE_(DAMAGED|FORMAT)$/) })
    expect((error as Error).message).toContain(path)
    return undefined
  }
  const { file, damage } = opened
  const read = await file.read(0, 2 ** 30)
  expect(file.recovered.batches).toBe(read.length + damage.length)
  expect(file.stored.records).toBe(read.reduce((sum, { batch }) => sum + batch.length, 0))
  const lost = file.damaged.length + damage.length
  await file.close()
  return { read, lost }
}

test.each([1, 2])(
  'flipped bytes never give a wrong batch, and what is lost is told (seed %i)',
  async (seed) => {
    const random = seeded(seed)
    const path = join(scratch(), 'x.sqlite')
    const batches = await filled(random, path)
    const content = readFileSync(path)
    const outcomes = { refused: 0, damaged: 0, whole: 0 }
    for (let round = 0; round < 40; round++) {
      const bad = Buffer.from(content)
      for (let flips = 1 + random.below(3); flips > 0; flips--) {
        const at = random.below(bad.length)
        bad[at] = bad[at]! ^ (1 + random.below(255))
      }
      writeFileSync(path, bad)
      const found = await survey(path)
      outcomes[found === undefined ? 'refused' : found.lost > 0 ? 'damaged' : 'whole']++
      if (found === undefined) continue
      for (const { id, batch } of found.read) expect(plain(batch)).toEqual(batches.get(id))
      expect(found.read.length + found.lost).toBe(batches.size)
    }
    expect(outcomes.damaged).toBeGreaterThan(20)
  },
)

test('a damaged batch is moved aside once, the others go on', async () => {
  const random = seeded(3)
  const path = join(scratch(), 'x.sqlite')
  const batches = await filled(random, path, 10)
  const database = new DatabaseSync(path)
  database.exec("UPDATE batches SET body = zeroblob(length(body)), input = 'other' WHERE id = 4")
  database.close()
  const { file } = await open(path)
  expect(file.damaged).toEqual([
    {
      id: 4,
      input: 'other',
      records: batches.get(4)!.length,
      bytes: expect.any(Number) as number,
      reason: 'its checksum is wrong',
    },
  ])
  expect(file.recovered.batches).toBe(9)
  expect((await file.read(0, 2 ** 30)).map(({ id }) => id)).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10])
  await file.close()
  const again = (await open(path)).file
  expect(again.damaged).toEqual([])
  await again.close()
  const after = new DatabaseSync(path)
  expect(after.prepare('SELECT id, input, reason FROM damaged').all()).toEqual([
    { id: 4, input: 'other', reason: 'its checksum is wrong' },
  ])
  after.close()
})

test('a damaged series takes the batches that name it with it, and no others', async () => {
  const path = join(scratch(), 'x.sqlite')
  const { file } = await open(path)
  const series = range(0, 2).map(
    (i) => ({ name: `s${i}`, labels: {}, type: 'gauge', intervalMs: 0 }) as const,
  )
  for (const one of [0, 1, 0, 1])
    file.append('in', { signal: 'metric', length: 1, series: [series[one]!], values: [one], times: [0] }, 0)
  await file.close()
  const database = new DatabaseSync(path)
  database.exec("UPDATE series SET text = replace(text, 's0', 's2')")
  database.close()
  const next = (await open(path)).file
  expect(next.damaged.map(({ id, reason }) => `${id} ${reason}`)).toEqual([
    '1 a series that it names is missing or damaged',
    '3 a series that it names is missing or damaged',
  ])
  expect((await next.read(0, 1000)).map(({ id }) => id)).toEqual([2, 4])
})

test('batches that are damaged under an open file are told and moved aside', async () => {
  const path = join(scratch(), 'x.sqlite')
  const { file, damage } = await open(path)
  const text = (message: string): Batch => ({
    signal: 'log',
    length: 1,
    records: [{ index: 'i', timeMs: 0, severity: 'info', publisher: 'p', labels: {}, message }],
  })
  // Three times what SQLite keeps in memory.
  for (let i = 0; i < 20; i++) await file.append('in', text(`${'x'.repeat(300_000)} end of ${i}.`), 0).onDisk
  const content = readFileSync(path)
  const handle = openSync(path, 'r+')
  for (let i = 0; i < 20; i++) {
    const at = content.indexOf(` end of ${i}.`)
    if (at > 0) writeSync(handle, 'END', at)
  }
  closeSync(handle)
  const before = file.stored
  const read = await file.read(0, 2 ** 30)
  expect(damage.length).toBeGreaterThan(5)
  expect(damage[0]).toMatchObject({ input: 'in', records: 1, reason: 'its checksum is wrong' })
  expect(read.length + damage.length).toBe(20)
  expect(before.records - file.stored.records).toBe(damage.length)
  for (const { id, batch } of read)
    expect((batch as LogBatch).records[0]!.message).toMatch(new RegExp(`x end of ${id - 1}\\.$`))
})

test('a file that is cut off is refused with a sentence or gives only what is right', async () => {
  const random = seeded(4)
  const path = join(scratch(), 'x.sqlite')
  const batches = await filled(random, path)
  const content = readFileSync(path)
  for (let round = 0; round < 20; round++) {
    const length = 1 + random.below(content.length - 1)
    writeFileSync(path, content.subarray(0, length))
    const found = await survey(path)
    for (const { id, batch } of found?.read ?? []) expect(plain(batch)).toEqual(batches.get(id))
    if (found === undefined) expect(statSync(path).size).toBe(length)
  }
})

test('a file that is no database is refused and left as it is', async () => {
  const path = join(scratch(), 'x.sqlite')
  writeFileSync(path, 'a shopping list\n'.repeat(100))
  await expect(open(path)).rejects.toMatchObject({
    code: 'SG_QUEUE_DAMAGED',
    message: `the disk queue ${path} cannot be read`,
    hint: expect.stringContaining('Move it'),
  })
  expect(readFileSync(path, 'utf8')).toMatch(/^a shopping list\n/)
})

test('a log that is cut off or damaged loses the last transactions, whole ones', async () => {
  const random = seeded(5)
  const folder = scratch()
  const path = join(folder, 'live.sqlite')
  const { file } = await open(path)
  const series = range(0, 20).map(() => randomSeries(random))
  const batches = new Map<number, Batch>()
  for (let i = 0; i < 30; i++) {
    const batch = randomBatch(random, series)
    const { id, onDisk } = file.append('in', batch, 0)
    await onDisk
    batches.set(id, plain(batch))
  }
  // What a power failure would leave: the files as they are while the queue is open.
  const copies = { database: readFileSync(path), log: readFileSync(`${path}-wal`) }
  await file.close()
  let cut = 0
  for (let round = 0; round < 20; round++) {
    const copy = join(folder, `${round}.sqlite`)
    writeFileSync(copy, copies.database)
    const log = Buffer.from(copies.log)
    const at = random.below(log.length)
    if (round % 2 === 0) log[at] = log[at]! ^ (1 + random.below(255))
    writeFileSync(`${copy}-wal`, log)
    if (round % 2 === 1) truncateSync(`${copy}-wal`, at)
    const found = await survey(copy)
    expect(found).toBeDefined()
    expect(found!.lost).toBe(0)
    expect(found!.read.map(({ id }) => id)).toEqual([...batches.keys()].slice(0, found!.read.length))
    for (const { id, batch } of found!.read) expect(plain(batch)).toEqual(batches.get(id))
    if (found!.read.length < batches.size) cut++
  }
  expect(cut).toBeGreaterThan(10)
})
