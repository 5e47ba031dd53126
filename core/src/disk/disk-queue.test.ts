import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import type { Batch, LogBatch } from '@smart-gateway/sdk'
import { SERIES, line, range } from '../testing/records.ts'
import { plain, randomBatch, randomSeries } from '../testing/random-batches.ts'
import { scratch } from '../testing/scratch.ts'
import { seeded } from '../testing/seeded.ts'
import { until } from '../testing/until.ts'
import { openDiskQueue } from './disk-queue.ts'
import type { DiskQueueFile, StoredBatch } from './disk-queue.ts'

function newPath(): string {
  return join(scratch(), 'queues', 'elasticsearch.sqlite')
}

async function open(path: string): Promise<DiskQueueFile> {
  const file = await openDiskQueue({
    path,
    onDamage: ({ reason }) => {
      throw new Error(`damaged: ${reason}`)
    },
  })
  onTestFinished(() => file.close())
  return file
}

function lines(...messages: readonly string[]): Batch {
  return { signal: 'log', length: messages.length, records: messages.map(line) }
}

function samples(count: number): Batch {
  const numbers = range(0, count)
  return {
    signal: 'metric',
    length: count,
    series: numbers.map(() => SERIES),
    values: numbers,
    times: numbers,
  }
}

function texts(batches: readonly StoredBatch[]): readonly string[] {
  return batches.flatMap(({ batch }) => (batch as LogBatch).records.map(({ message }) => message))
}

async function readAll(file: DiskQueueFile, maxBytes = 10_000): Promise<StoredBatch[]> {
  const all: StoredBatch[] = []
  for (;;) {
    const some = await file.read(all.at(-1)?.id ?? 0, maxBytes)
    if (some.length === 0) return all
    all.push(...some)
  }
}

test.each([1, 2, 3])(
  'random batches come back as they were, in the same process and in the next (seed %i)',
  async (seed) => {
    const random = seeded(seed)
    const series = range(0, 30).map(() => randomSeries(random))
    const batches = range(0, 60).map(() => randomBatch(random, series))
    const path = newPath()
    const file = await open(path)
    const appended = batches.map((batch, i) => file.append(`input ${i % 3} ä`, batch, i + 0.5))
    await Promise.all(appended.map(({ onDisk }) => onDisk))

    const check = (read: readonly StoredBatch[]): void => {
      expect(read.map(({ batch }) => plain(batch))).toEqual(batches.map(plain))
      expect(read.map(({ id, bytes }) => ({ id, bytes }))).toEqual(
        appended.map(({ id, bytes }) => ({ id, bytes })),
      )
      expect(read.map(({ input, arrivedMs }) => [input, arrivedMs])).toEqual(
        batches.map((_, i) => [`input ${i % 3} ä`, i + 0.5]),
      )
    }
    const read = await readAll(file)
    check(read)
    const firstSample = read.find(({ batch }) => batch.signal === 'metric')!.batch as Batch & {
      signal: 'metric'
    }
    expect(series).toContain(firstSample.series[0])
    const { stored } = file
    await file.close()

    const next = await open(path)
    expect(next.recovered).toEqual(stored)
    expect(next.stored).toEqual(stored)
    check(await readAll(next))
  },
)

test('a sample costs 24 bytes once its series is known', async () => {
  const file = await open(newPath())
  file.append('a', samples(1), 0)
  expect(file.append('a', samples(1000), 0).bytes).toBe(24_000)
})

test('what is appended while a transaction runs goes into one transaction', async () => {
  const file = await open(newPath())
  await file.append('a', samples(1), 0).onDisk
  const before = file.commits
  const waves = range(0, 20).map(async () => {
    await Promise.all(range(0, 50).map(() => file.append('a', samples(1), 0).onDisk))
  })
  await Promise.all(waves)
  expect(file.commits - before).toBeGreaterThanOrEqual(1)
  expect(file.commits - before).toBeLessThan(20)
  expect(file.stored).toMatchObject({ batches: 1001, records: 1001 })
})

test('batches keep their order, and what was removed is gone for ever', async () => {
  const path = newPath()
  const file = await open(path)
  const ids = ['a', 'b', 'c', 'd', 'e'].map((text) => file.append('in', lines(text), 0).id)
  expect(ids).toEqual(ids.toSorted((a, b) => a - b))
  await file.remove([ids[1]!, ids[3]!, 999])
  expect(texts(await readAll(file))).toEqual(['a', 'c', 'e'])
  expect(file.stored).toMatchObject({ batches: 3, records: 3 })
  const later = file.append('in', lines('f', 'g'), 0)
  await later.onDisk
  expect(texts(await file.read(ids[2]!, 1))).toEqual(['e'])
  expect(texts(await file.read(ids[4]!, 1))).toEqual(['f', 'g'])
  await file.close()
  const next = await open(path)
  expect(next.recovered).toMatchObject({ batches: 4, records: 5 })
  expect(texts(await readAll(next))).toEqual(['a', 'c', 'e', 'f', 'g'])
  expect(next.append('in', lines('h'), 0).id).toBeGreaterThan(later.id)
})

test('a batch can be removed before it is on the disk', async () => {
  const file = await open(newPath())
  const { id, onDisk } = file.append('in', lines('a'), 0)
  const removed = file.remove([id])
  expect(file.stored).toMatchObject({ batches: 1, records: 1 })
  await Promise.all([onDisk, removed])
  expect(file.stored).toEqual({ batches: 0, records: 0, bytes: 0 })
  expect(await file.read(0, 1000)).toEqual([])
})

test('the series of an earlier process go away with its batches', async () => {
  const path = newPath()
  const first = await open(path)
  const { id } = first.append('in', samples(3), 0)
  await first.close()
  const second = await open(path)
  const own = second.append('in', samples(2), 0)
  await second.remove([id])
  expect((await readAll(second)).map(({ batch }) => batch.length)).toEqual([2])
  await second.close()
  const database = new DatabaseSync(path)
  expect(database.prepare('SELECT count(*) AS n FROM series').get()).toEqual({ n: 1 })
  database.close()
  expect((await (await open(path)).read(0, 1000)).map((batch) => batch.id)).toEqual([own.id])
})

test('a record that JSON cannot hold is refused for good, alone', async () => {
  const file = await open(newPath())
  const circle: Record<string, unknown> = {}
  circle['itself'] = circle
  const bad: Batch[] = [
    { signal: 'log', length: 1, records: [{ ...line('x'), labels: circle }] },
    { signal: 'log', length: 1, records: [{ ...line('x'), timeMs: Number.NaN }] },
    { ...(samples(1) as Batch & { signal: 'metric' }), series: [{ ...SERIES, intervalMs: Infinity }] },
  ]
  const good = file.append('in', lines('a'), 0)
  for (const batch of bad)
    await expect(file.append('in', batch, 0).onDisk).rejects.toMatchObject({
      code: 'SG_RECORD_UNSTORABLE',
      retryable: false,
    })
  await good.onDisk
  expect(file.stored).toMatchObject({ batches: 1, records: 1 })
})

test('close writes what is pending; twice is fine; afterwards nothing is taken', async () => {
  const path = newPath()
  const file = await open(path)
  const appended = range(0, 100).map((i) => file.append('in', lines(`${i}`), 0))
  const removed = file.remove([appended[0]!.id])
  await Promise.all([file.close(), file.close()])
  await Promise.all([...appended.map(({ onDisk }) => onDisk), removed])
  await expect(file.append('in', lines('late'), 0).onDisk).rejects.toMatchObject({
    code: 'SG_QUEUE_ENDED',
    retryable: true,
  })
  await expect(file.read(0, 1)).rejects.toMatchObject({ code: 'SG_QUEUE_ENDED' })
  await file.remove([1])
  await file.close()
  expect(texts(await readAll(await open(path)))).toEqual(range(1, 100).map(String))
})

test('a second one in the same process is refused while the first is open', async () => {
  const path = newPath()
  const file = await open(path)
  await expect(open(path)).rejects.toMatchObject({ code: 'SG_QUEUE_IN_USE', retryable: true })
  await file.append('in', lines('a'), 0).onDisk
  await file.close()
  expect(texts(await readAll(await open(path)))).toEqual(['a'])
})

test('of two that open a new file at once one has it', async () => {
  const path = newPath()
  const results = await Promise.allSettled([open(path), open(path)])
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'SG_QUEUE_IN_USE' },
  })
})

test('the folder and its files are for their owner only, files that were there as well', async () => {
  const path = newPath()
  const file = await open(path)
  await file.append('in', lines('a'), 0).onDisk
  const modes = (): string[] =>
    readdirSync(join(path, '..')).map(
      (name) => `${name} ${(statSync(join(path, '..', name)).mode & 0o777).toString(8)}`,
    )
  expect(modes()).toEqual([
    'elasticsearch.sqlite 600',
    'elasticsearch.sqlite-reserve 600',
    'elasticsearch.sqlite-wal 600',
  ])
  expect((statSync(join(path, '..')).mode & 0o777).toString(8)).toBe('700')
  const other = join(scratch(), 'x.sqlite')
  writeFileSync(other, '', { mode: 0o644 })
  await open(other)
  expect((statSync(other).mode & 0o777).toString(8)).toBe('600')
})

test('the file shrinks once it was drained, and its log stays small all the time', async () => {
  const path = newPath()
  const file = await open(path)
  const ids: number[] = []
  for (let i = 0; i < 400; i++) {
    const { id, onDisk } = file.append('in', samples(4000), 0)
    ids.push(id)
    if (i % 20 === 0) await onDisk
    expect(statSync(`${path}-wal`).size).toBeLessThan(8 * 1024 ** 2)
  }
  await file.read(0, 1)
  expect(statSync(path).size).toBeGreaterThan(35_000_000)
  await Promise.all(ids.map((id) => file.remove([id])))
  await until('the file is short', () => statSync(path).size < 9 * 1024 ** 2)
  expect(statSync(`${path}-wal`).size).toBeLessThan(8 * 1024 ** 2)
})

test.each([
  [
    'a newer format',
    (path: string) => makeFormat(path, 2),
    'newer gateway: it has format 2, this gateway knows 1',
  ],
  ['an unknown format', (path: string) => makeFormat(path, 0), 'has no format that this gateway knows'],
  [
    'a database of something else',
    (path: string) => {
      const database = new DatabaseSync(path)
      database.exec('CREATE TABLE phones (number)')
      database.close()
    },
    'has no format that this gateway knows',
  ],
])('%s is refused with a sentence and left as it is', async (_, make, sentence) => {
  const path = join(scratch(), 'x.sqlite')
  make(path)
  const content = readFileSync(path)
  const opened = open(path)
  await expect(opened).rejects.toMatchObject({ code: 'SG_QUEUE_FORMAT' })
  await expect(opened).rejects.toThrow(sentence)
  await expect(opened).rejects.toThrow(path)
  expect(readFileSync(path).equals(content)).toBe(true)
})

test('a place where no file can be made is refused with the reason', async () => {
  const folder = scratch()
  writeFileSync(join(folder, 'file'), '')
  await expect(open(join(folder, 'file', 'x.sqlite'))).rejects.toMatchObject({
    code: 'SG_QUEUE_UNWRITABLE',
    cause: { message: expect.stringMatching(/ENOTDIR|EEXIST/) },
  })
  mkdirSync(join(folder, 'taken.sqlite'))
  await expect(open(join(folder, 'taken.sqlite'))).rejects.toMatchObject({ code: 'SG_QUEUE_UNWRITABLE' })
})

test('when its thread dies, what is open is rejected and the file can be opened again', async () => {
  const path = newPath()
  let worker: Worker | undefined
  const created = (message: unknown): void => void ({ worker } = message as { worker: Worker })
  subscribe('worker_threads', created)
  onTestFinished(() => void unsubscribe('worker_threads', created))
  const file = await open(path)
  await file.append('in', lines('a'), 0).onDisk
  const terminated = worker!.terminate()
  const late = file.append('in', lines('b'), 0).onDisk
  const read = file.read(0, 1000)
  await expect(late).rejects.toMatchObject({ code: 'SG_QUEUE_ENDED', retryable: true })
  await expect(read).rejects.toMatchObject({ code: 'SG_QUEUE_ENDED', retryable: true })
  await expect(file.failed).resolves.toMatchObject({ code: 'SG_QUEUE_ENDED' })
  await expect(file.append('in', lines('c'), 0).onDisk).rejects.toMatchObject({ retryable: true })
  await terminated
  await file.close()
  expect(texts(await readAll(await open(path)))).toEqual(['a'])
})

function makeFormat(path: string, format: number): void {
  const database = new DatabaseSync(path)
  database.exec('CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID')
  database.prepare("INSERT INTO meta VALUES ('format', ?)").run(format)
  database.close()
}
