import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogBatch } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import output from './index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'output-file-'))
})
afterAll(() => rm(folder, { recursive: true }))

let files = 0
const newPath = () => join(folder, `${(files += 1)}.ndjson`)

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const cleanup of cleanups.splice(0)) await cleanup()
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

async function opened(path: string, fsync: 'batch' | 'never' = 'batch') {
  const session = await output.open(testContext({ path, fsync }))
  cleanups.push(() => session.stop?.())
  return session
}

/** The messages in a file; fails when any line is not a whole record. */
function messagesIn(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  expect(text).toMatch(/(^|\n)$/)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { message: string }).message)
}

/** Spies on what every open file does. */
async function fileHandles(): Promise<{ datasync(): Promise<void>; sync(): Promise<void> }> {
  const handle = await open(folder)
  await handle.close()
  return Object.getPrototypeOf(handle) as { datasync(): Promise<void>; sync(): Promise<void> }
}

test('batches are appended to what the file holds, in order', async () => {
  const path = newPath()
  await writeFile(path, '{"message":"old"}\n')
  const session = await opened(path)
  await session.write(logs('a', 'b'))
  await session.write(logs())
  await session.write(logs('c'))
  expect(messagesIn(path)).toEqual(['old', 'a', 'b', 'c'])
})

test('a missing file is made with its folders, readable by owner and group only', async () => {
  const path = join(folder, 'some', 'deep', 'folder', 'out.ndjson')
  const session = await opened(path)
  await session.write(logs('a'))
  expect(messagesIn(path)).toEqual(['a'])
  expect(statSync(path).mode & 0o137).toBe(0)
})

test('a half line that a crash left is ended, nothing is deleted', async () => {
  const path = newPath()
  await writeFile(path, '{"message":"old"}\n{"mess')
  const session = await opened(path)
  await session.write(logs('a'))
  await session.write(logs('b'))
  const [first, half, ...rest] = readFileSync(path, 'utf8').split('\n')
  expect([first, half, rest.length, rest.at(-1)]).toEqual(['{"message":"old"}', '{"mess', 3, ''])
})

test.for(['renamed', 'removed', 'replaced'])(
  'when the file is %s, the next batch goes to a new one',
  async (change) => {
    const path = newPath()
    const session = await opened(path)
    await session.write(logs('a'))
    if (change === 'removed') await rm(path)
    else await rename(path, `${path}.1`)
    if (change === 'replaced') await writeFile(path, '')
    await session.write(logs('b'))
    expect(messagesIn(path)).toEqual(['b'])
    if (change !== 'removed') expect(messagesIn(`${path}.1`)).toEqual(['a'])
  },
)

test('when the file is cut to nothing while it is open, the next batch is at its beginning', async () => {
  const path = newPath()
  const session = await opened(path)
  await session.write(logs('a'))
  await writeFile(path, '')
  await session.write(logs('b'))
  expect(messagesIn(path)).toEqual(['b'])
})

test('with fsync batch a batch is accepted only when it is on the disk, with never at once', async () => {
  const handles = await fileHandles()
  const synced = Promise.withResolvers<void>()
  const datasync = vi.spyOn(handles, 'datasync').mockReturnValue(synced.promise)
  const safe = await opened(newPath())
  let accepted = false
  const write = safe.write(logs('a')).finally(() => (accepted = true))
  await vi.waitFor(() => expect(datasync).toHaveBeenCalledOnce())
  expect(accepted).toBe(false)
  synced.resolve()
  await write
  const fast = await opened(newPath(), 'never')
  await fast.write(logs('a'))
  expect(datasync).toHaveBeenCalledOnce()
  const sync = vi.spyOn(handles, 'sync')
  await fast.stop?.()
  expect(sync).toHaveBeenCalledOnce()
})

test('when the disk fails on fsync, the batch is not accepted and leaves no line behind', async () => {
  const path = newPath()
  const session = await opened(path)
  await session.write(logs('a'))
  const failure = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
  vi.spyOn(await fileHandles(), 'datasync').mockRejectedValueOnce(failure)
  await expect(session.write(logs('b'))).rejects.toMatchObject({ retryable: true, code: 'EIO' })
  expect(messagesIn(path)).toEqual(['a'])
  expect(session.health?.()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('EIO') })
  await session.write(logs('b'))
  expect(messagesIn(path)).toEqual(['a', 'b'])
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test('a full disk is a retryable error with a sentence', async () => {
  const session = await opened('/dev/full')
  const write = session.write(logs('a'))
  await expect(write).rejects.toMatchObject({
    retryable: true,
    code: 'ENOSPC',
    message: 'Cannot write to /dev/full: the disk is full (ENOSPC); free some space',
  })
})

test('a folder, a path through a file and a pipe are refused with a sentence', async () => {
  const path = newPath()
  await writeFile(path, '')
  await expect(opened(folder)).rejects.toThrow(`Cannot write to ${folder}: it is a folder`)
  await expect(opened(join(path, 'x'))).rejects.toThrow('a part of its path is not a folder (ENOTDIR)')
  execFileSync('mkfifo', [`${path}.pipe`])
  await expect(opened(`${path}.pipe`)).rejects.toThrow('neither a file nor a device')
})

test('stop waits for the write under way, may be called twice, and ends the output', async () => {
  const path = newPath()
  const session = await opened(path)
  const synced = Promise.withResolvers<void>()
  const datasync = vi.spyOn(await fileHandles(), 'datasync').mockReturnValue(synced.promise)
  let stopped = false
  const write = session.write(logs('a'))
  const stops = Promise.all([session.stop?.(), session.stop?.()]).finally(() => (stopped = true))
  await expect(session.write(logs('late'))).rejects.toMatchObject({ retryable: true })
  await vi.waitFor(() => expect(datasync).toHaveBeenCalledOnce())
  await new Promise((resolve) => setImmediate(resolve))
  expect(stopped).toBe(false)
  synced.resolve()
  await write
  await stops
  await session.stop?.()
  expect(messagesIn(path)).toEqual(['a'])
})

test('a relative path is meant from the folder of startup.yaml', async () => {
  const context = testContext({ path: 'out.ndjson', fsync: 'batch' } as const)
  const session = await output.open({ ...context, resolvePath: (path) => join(folder, path) })
  await session.stop?.()
  expect(existsSync(join(folder, 'out.ndjson'))).toBe(true)
})
