import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Batch, LogBatch } from '@smart-gateway/sdk'
import { line } from '../testing/records.ts'
import { scratch } from '../testing/scratch.ts'
import { until } from '../testing/until.ts'
import { openDiskQueue } from './disk-queue.ts'
import type { DiskQueueFile } from './disk-queue.ts'

const MIB = 1024 ** 2

/** A file system of its own, of so many bytes; undefined where this user may not mount one. */
function smallDisk(bytes: number): string | undefined {
  const folder = join(scratch(), 'disk')
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]))
  return folder
}

async function open(path: string): Promise<DiskQueueFile> {
  const file = await openDiskQueue({ path, onDamage: () => {} })
  onTestFinished(() => file.close())
  return file
}

function text(message: string): Batch {
  return { signal: 'log', length: 1, records: [{ ...line(message), labels: { filler: 'x'.repeat(20_000) } }] }
}

/** Appends until it is refused; returns what was stored by id. */
async function fill(file: DiskQueueFile, most = 10_000): Promise<Map<number, string>> {
  const stored = new Map<number, string>()
  let failure: unknown
  for (let i = 0; failure === undefined && i < most; i += 10) {
    const appended = Array.from(
      { length: 10 },
      (_, k) => [file.append('in', text(`${i + k}`), 0), `${i + k}`] as const,
    )
    for (const [{ id, onDisk }, name] of appended) {
      try {
        await onDisk
        stored.set(id, name)
      } catch (error) {
        failure = error
      }
    }
  }
  expect(failure).toMatchObject({
    code: 'SG_QUEUE_NO_ROOM',
    retryable: true,
    message: expect.stringContaining('no room on its disk'),
  })
  return stored
}

async function namesIn(file: DiskQueueFile): Promise<Map<number, string>> {
  const read = await file.read(0, 2 ** 30)
  return new Map(read.map(({ id, batch }) => [id, (batch as LogBatch).records[0]!.message]))
}

test('a disk that the queue itself has filled: nothing is half there, it drains, and takes again', async (context) => {
  const disk = smallDisk(24 * MIB)
  if (disk === undefined) return context.skip('mount is not permitted')
  const path = join(disk, 'x.sqlite')
  const file = await open(path)
  for (let cycle = 0; cycle < 3; cycle++) {
    const stored = await fill(file)
    expect(stored.size).toBeGreaterThan(400)
    expect(file.stored.batches).toBe(stored.size)
    expect(await namesIn(file)).toEqual(stored)
    await expect(file.append('in', text('more'), 0).onDisk).rejects.toMatchObject({
      code: 'SG_QUEUE_NO_ROOM',
    })
    for (const id of stored.keys()) await file.remove([id])
    expect(file.stored).toEqual({ batches: 0, records: 0, bytes: 0 })
    const after = file.append('in', text('after'), 0)
    await after.onDisk
    await file.remove([after.id])
  }
  await until('the file is short', () => statSync(path).size < 10 * MIB)
})

test('room comes back as soon as some of it is drained', async (context) => {
  const disk = smallDisk(24 * MIB)
  if (disk === undefined) return context.skip('mount is not permitted')
  const file = await open(join(disk, 'x.sqlite'))
  const stored = await fill(file)
  const ids = [...stored.keys()]
  let removed = 0
  await until('an append is taken', async () => {
    await file.remove(ids.slice(removed, (removed += 20)))
    return file.append('in', text('again'), 0).onDisk.then(
      () => true,
      () => false,
    )
  })
  expect(removed).toBeLessThan(ids.length)
  expect([...(await namesIn(file)).values()]).toEqual([...[...stored.values()].slice(removed), 'again'])
})

test('a disk that another has filled: the queue is closed and opened, drains, and takes again', async (context) => {
  const disk = smallDisk(32 * MIB)
  if (disk === undefined) return context.skip('mount is not permitted')
  const path = join(disk, 'x.sqlite')
  const file = await open(path)
  const first = file.append('in', text('first'), 0)
  await first.onDisk
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'hog'), Buffer.alloc(bavail * bsize - MIB))
  const stored = await fill(file)
  await file.close()
  const next = await open(path)
  const found = await namesIn(next)
  expect([...found.values()]).toEqual(['first', ...stored.values()])
  for (const [id, name] of await fill(next)) stored.set(id, name)
  await next.remove([first.id])
  rmSync(join(disk, 'hog'))
  await next.append('in', text('yes'), 0).onDisk
  expect([...(await namesIn(next)).values()]).toEqual([...stored.values(), 'yes'])
})

// What a process may write is limited here without a mount; SQLite gives it as an I/O error, as it does a quota's end.
test('a limit that is no full disk: it says so, drains, and takes again', () => {
  const folder = scratch()
  const program = join(folder, 'program.mjs')
  writeFileSync(
    program,
    `
import { openDiskQueue } from ${JSON.stringify(new URL('./disk-queue.ts', import.meta.url).href)}
const file = await openDiskQueue({ path: ${JSON.stringify(join(folder, 'x.sqlite'))}, onDamage() {} })
const record = { index: 'i', timeMs: 0, severity: 'info', publisher: 'p', labels: {}, message: 'x'.repeat(100_000) }
const append = async () => {
  const { id, onDisk } = file.append('in', { signal: 'log', length: 1, records: [record] }, 0)
  await onDisk
  return id
}
const ids = []
try {
  while (ids.length < 1000) ids.push(await append())
} catch (error) {
  console.log(error.code, error.retryable)
}
console.log((await file.read(0, 2 ** 30)).length === ids.length)
for (const id of ids.splice(0, 40)) await file.remove([id])
ids.push(await append())
console.log(file.stored.batches === ids.length)
await file.close()
`,
  )
  const command = 'ulimit -f 10240 && exec "$0" --conditions=@smart-gateway/source "$1"'
  const output = execFileSync('bash', ['-c', command, process.execPath, program], { encoding: 'utf8' })
  expect(output).toBe('SG_QUEUE_UNWRITABLE true\ntrue\ntrue\n')
})

test('a disk without any room: opening says so', async (context) => {
  const disk = smallDisk(MIB)
  if (disk === undefined) return context.skip('mount is not permitted')
  writeFileSync(join(disk, 'hog'), Buffer.alloc(MIB))
  await expect(open(join(disk, 'x.sqlite'))).rejects.toMatchObject({
    code: 'SG_QUEUE_NO_ROOM',
    retryable: true,
  })
})

test('a disk smaller than the reserve: it takes nothing and says why', async (context) => {
  const disk = smallDisk(MIB)
  if (disk === undefined) return context.skip('mount is not permitted')
  const file = await open(join(disk, 'x.sqlite'))
  await expect(file.append('in', text('a'), 0).onDisk).rejects.toMatchObject({ code: 'SG_QUEUE_NO_ROOM' })
})
