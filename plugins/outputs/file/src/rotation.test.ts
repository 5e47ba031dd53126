import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, open, realpath, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogBatch } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import output from './index.ts'

let folder: string
let path: string
const cleanups: (() => unknown)[] = []

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'output-file-')))
  path = join(folder, 'out.ndjson')
})

afterEach(async () => {
  vi.restoreAllMocks()
  for (const cleanup of cleanups.splice(0)) await cleanup()
  await rm(folder, { recursive: true })
})

function logs(...messages: string[]): LogBatch {
  const records = messages.map((message) => ({
    index: 'i',
    timeMs: 0,
    severity: 'info' as const,
    publisher: 'p',
    labels: {},
    message,
  }))
  return { signal: 'log', length: records.length, records }
}

/** What one record of `logs` with a message of one character takes. */
const LINE_BYTES = `${JSON.stringify({ signal: 'log', ...logs('a').records[0] })}\n`.length

async function opened(keep: number, maxBytes = 2 * LINE_BYTES, at = path) {
  const context = testContext({ path: at, fsync: 'batch', rotate: { maxBytes, keep } } as const)
  const session = await output.open(context)
  cleanups.push(() => session.stop?.())
  return { session, context }
}

/** The messages of each file, the newest file first; fails when any line is not a whole record. */
function contents(at = path): string[][] {
  const rotated = Array.from({ length: 9 }, (_, i) => `${at}.${i + 1}`)
  return [at, ...rotated].filter((file) => existsSync(file)).map(messagesIn)
}

function messagesIn(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => (JSON.parse(line) as { message: string }).message)
}

test('a file is put aside before it would grow beyond its size; the oldest beyond the limit go', async () => {
  const { session } = await opened(2)
  for (const message of 'abcdefghi') {
    await session.write(logs(message))
    for (const name of readdirSync(folder))
      expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(2 * LINE_BYTES)
  }
  expect(contents()).toEqual([['i'], ['g', 'h'], ['e', 'f']])
  expect(readdirSync(folder).sort()).toEqual(['out.ndjson', 'out.ndjson.1', 'out.ndjson.2'])
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test('one file that is kept is enough', async () => {
  const { session } = await opened(1)
  for (const message of 'abcde') await session.write(logs(message))
  expect(contents()).toEqual([['e'], ['c', 'd']])
})

test('a batch is never divided: one that is larger than a file has a file of its own', async () => {
  const { session } = await opened(5)
  await session.write(logs('a'))
  await session.write(logs('b', 'c', 'd', 'e'))
  await session.write(logs('f'))
  expect(contents()).toEqual([['f'], ['b', 'c', 'd', 'e'], ['a']])
})

test('a file that was too large already is put aside, a half line at its end stands alone there', async () => {
  await writeFile(path, `${'{"message":"old"}\n'.repeat(20)}{"mess`)
  const { session } = await opened(5)
  await session.write(logs('a'))
  expect(messagesIn(path)).toEqual(['a'])
  expect(readFileSync(`${path}.1`, 'utf8')).toMatch(/\{"message":"old"\}\n\{"mess\n$/)
})

test.for([1, 2, 3, 4])(
  'what a crash left in the middle of a rotation, with no file %i, is gone on from: nothing is lost',
  async (gap) => {
    // Before the crash there were three and the file itself, which were about to move up to four.
    const numbers = [1, 2, 3, 4].filter((number) => number !== gap)
    const line = (message: string) => `{"message":"${message}"}\n`
    for (const number of numbers) await writeFile(`${path}.${number}`, line(`${number}`))
    await writeFile(path, line('x').repeat(20))
    const { session } = await opened(4)
    await session.write(logs('a'))
    const [now, first, ...others] = contents()
    expect([now, first]).toEqual([['a'], Array(20).fill('x')])
    expect(others.flat()).toEqual(numbers.map(String))
    expect(readdirSync(folder)).toHaveLength(5)
  },
)

test('a crash before the new file was made: it is made', async () => {
  await writeFile(`${path}.1`, '{"message":"old"}\n')
  const { session } = await opened(4)
  await session.write(logs('a'))
  expect(contents()).toEqual([['a'], ['old']])
})

test('when fewer are to be kept than before, the others go; what has another form of name stays', async () => {
  const others = ['out.ndjson.2026', 'out.ndjson.4.gz', 'out.ndjson.05', 'out.ndjson-4', 'other.ndjson.9']
  for (const name of [...others, 'out.ndjson.2', 'out.ndjson.4', 'out.ndjson.9'])
    await writeFile(join(folder, name), '')
  const { session } = await opened(2)
  for (const message of 'abc') await session.write(logs(message))
  expect(readdirSync(folder).sort()).toEqual([...others, 'out.ndjson', 'out.ndjson.1', 'out.ndjson.2'].sort())
})

test('what a link leads to is rotated where it lies, and the link stays', async () => {
  const disk = join(folder, 'disk')
  await mkdir(disk)
  const real = join(disk, 'records')
  await symlink(real, path)
  const { session } = await opened(5)
  for (const message of 'abcde') await session.write(logs(message))
  expect(contents(real)).toEqual([['e'], ['c', 'd'], ['a', 'b']])
  expect(readdirSync(folder)).toEqual(['disk', 'out.ndjson'])
  expect(messagesIn(path)).toEqual(['e'])
})

test('a file that cannot be put aside is written on; health says why, the log once', async () => {
  await mkdir(`${path}.1`)
  const { session, context } = await opened(1)
  for (const message of 'abcd') await session.write(logs(message))
  expect(messagesIn(path)).toEqual(['a', 'b', 'c', 'd'])
  const reason = expect.stringMatching(/^Cannot rotate .*out\.ndjson, it grows beyond \d+ bytes: EISDIR/)
  expect(session.health?.()).toEqual({ state: 'degraded', reason })
  expect(context.lines).toEqual([['warn', reason, {}]])
  await rmdir(`${path}.1`)
  await session.write(logs('e'))
  expect(contents()).toEqual([['e'], ['a', 'b', 'c', 'd']])
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test('a file that cannot be removed is said, and stops nothing', async () => {
  await mkdir(`${path}.7`)
  const { session } = await opened(2)
  for (const message of 'abc') await session.write(logs(message))
  expect([path, `${path}.1`].map(messagesIn)).toEqual([['c'], ['a', 'b']])
  expect(session.health?.()).toMatchObject({
    state: 'degraded',
    reason: expect.stringContaining('Cannot remove files that'),
  })
})

test('when another program rotates the file too, nothing is lost', async () => {
  const { session } = await opened(5)
  await session.write(logs('a', 'b'))
  await rename(path, `${path}.1`)
  await session.write(logs('c', 'd'))
  await session.write(logs('e'))
  expect(contents()).toEqual([['e'], ['c', 'd'], ['a', 'b']])
})

test('the new names are on the disk before a batch counts as accepted', async () => {
  const { session } = await opened(5)
  await session.write(logs('a', 'b'))
  const handle = await open(folder)
  await handle.close()
  const handles = Object.getPrototypeOf(handle) as { sync(): Promise<void> }
  const synced = Promise.withResolvers<void>()
  const sync = vi.spyOn(handles, 'sync').mockReturnValueOnce(synced.promise)
  let accepted = false
  const write = session.write(logs('c')).finally(() => (accepted = true))
  await vi.waitFor(() => expect(sync).toHaveBeenCalledOnce())
  expect(existsSync(`${path}.1`)).toBe(true)
  expect(accepted).toBe(false)
  synced.resolve()
  await write
})

test('when the new file cannot be made, the batch is not accepted, and comes again', async () => {
  const { session } = await opened(5)
  await session.write(logs('a', 'b'))
  const handle = await open(folder)
  await handle.close()
  const handles = Object.getPrototypeOf(handle) as { sync(): Promise<void> }
  const failure = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })
  vi.spyOn(handles, 'sync').mockRejectedValueOnce(failure)
  await expect(session.write(logs('c'))).rejects.toMatchObject({ retryable: true, code: 'EIO' })
  await session.write(logs('c'))
  expect(contents()).toEqual([['c'], ['a', 'b']])
})

test('what cannot be rotated is refused with a sentence', async () => {
  await expect(opened(5, 100, '-')).rejects.toThrow('stdout cannot be rotated')
  await expect(opened(5, 100, '/dev/null')).rejects.toThrow('a device, which cannot be rotated')
})
