import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, openSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'output-file-'))
  await chmod(folder, 0o777)
})
afterAll(() => rm(folder, { recursive: true }))

let files = 0
const newPath = () => join(folder, `${(files += 1)}.ndjson`)

const cleanups: (() => unknown)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup()
})

/** The messages in a file; fails when any line is not a whole record. */
function messagesIn(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => (JSON.parse(line) as { message: string }).message)
}

const prelude = `
import output from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
const record = (message) => ({ index: 'i', timeMs: 0, severity: 'info', publisher: 'p', labels: {}, message })
const logs = (messages) => ({ signal: 'log', length: messages.length, records: messages.map(record) })
const say = (text) => process.send?.(text)
const signal = new AbortController().signal
const open = (path, rotate) =>
  output.open({ options: { path, fsync: 'batch', rotate }, resolvePath: (path) => path, signal })
`

interface Surroundings {
  /** How the shell runs the process. */
  shell?: string
  stdout?: 'ignore' | 'pipe' | number
}

/** Runs code that has `open`, `logs` and `say` in a process of its own; `said` grows as it talks. */
function run(code: string, { shell = 'exec', stdout = 'ignore' }: Surroundings = {}) {
  const node = [process.execPath, '--conditions=@smart-gateway/source', '--input-type=module']
  const { NODE_OPTIONS: _, ...env } = process.env
  const started = spawn('/bin/sh', ['-c', `${shell} "$@"`, 'sh', ...node, '-e', prelude + code], {
    stdio: ['ignore', stdout, 'pipe', 'ipc'],
    env,
  })
  const said: string[] = []
  started.on('message', (text) => said.push(String(text)))
  let complaint = ''
  started.stderr?.on('data', (data) => (complaint += String(data)))
  cleanups.push(() => started.kill('SIGKILL'))
  const ended = once(started, 'close').then(([status]) => ({ status: status as number | null, complaint }))
  return { started, said, ended }
}

const well = { status: 0, complaint: '' }

test('killed at any moment, a process leaves every accepted batch whole, and the next one goes on after it', async () => {
  const path = newPath()
  for (const life of ['first', 'second', 'third']) {
    const { started, said, ended } = run(`
      const session = await open(${JSON.stringify(path)})
      for (let batch = 0; ; batch += 1) {
        await session.write(logs(Array.from({ length: 200 }, (_, i) => '${life} ' + batch + ' ' + i)))
        say(batch)
      }
    `)
    await vi.waitFor(() => expect(said.length).toBeGreaterThan(20), { timeout: 10_000 })
    started.kill('SIGKILL')
    await ended
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
    const kept = new Set(lines.map((line) => (JSON.parse(line) as { message: string }).message))
    const promised = said.flatMap((batch) => Array.from({ length: 200 }, (_, i) => `${life} ${batch} ${i}`))
    expect(promised.filter((message) => !kept.has(message))).toEqual([])
    expect(kept.size).toBe(lines.length)
    // As if the kill had come in the middle of a line.
    appendFileSync(path, '{"signal":"log","index":"i","time')
  }
})

test.for([1, 2, 3, 4])(
  'killed after rename %i of a rotation, a process has lost nothing that it accepted, and the next one goes on',
  async (deadly) => {
    const path = newPath()
    const keepsFour = `await open(${JSON.stringify(path)}, { maxBytes: 100, keep: 4 })`
    // Each batch fills a file, so the fifth one makes the three rotated files and the file itself move up.
    const { said, ended } = run(`
      import fs from 'node:fs/promises'
      import { syncBuiltinESMExports } from 'node:module'
      const session = ${keepsFour}
      for (const message of ['a', 'b', 'c', 'd']) {
        await session.write(logs([message]))
        say(message)
      }
      const { rename } = fs
      let renames = 0
      fs.rename = async (...names) => {
        await rename(...names)
        renames += 1
        if (renames === ${deadly}) process.kill(process.pid, 'SIGKILL')
      }
      syncBuiltinESMExports()
      await session.write(logs(['e']))
    `)
    expect(await ended).toEqual({ status: null, complaint: '' })
    expect(said).toEqual(['a', 'b', 'c', 'd'])
    const files = () => [4, 3, 2, 1].map((number) => `${path}.${number}`).concat(path)
    const kept = () =>
      files()
        .filter((file) => existsSync(file))
        .flatMap(messagesIn)
    expect(files().filter((file) => !existsSync(file))).toEqual([files()[deadly]])
    expect(kept()).toEqual(['a', 'b', 'c', 'd'])
    const next = run(`await (${keepsFour}).write(logs(['e'])); process.disconnect()`)
    expect(await next.ended).toEqual(well)
    expect(kept()).toEqual(['a', 'b', 'c', 'd', 'e'])
  },
)

test('a batch that did not fit is cut off again, and a later one is whole', async () => {
  const path = newPath()
  const { said, ended } = run(
    `
    const session = await open(${JSON.stringify(path)})
    const long = 'x'.repeat(5000)
    await session.write(logs(['a', long]))
    await session.write(logs(['b', long])).catch((error) => say(error.retryable + ' ' + error.message))
    await session.write(logs(['c']))
    say(session.health().state)
    process.disconnect()
  `,
    { shell: 'ulimit -f 16; exec' },
  )
  expect(await ended).toEqual(well)
  expect(said).toEqual([expect.stringMatching(/^true Cannot write .*EFBIG/), 'ready'])
  expect(messagesIn(path).map((message) => message[0])).toEqual(['a', 'x', 'c'])
})

const isRoot = process.getuid?.() === 0

test('a file that may not be written is a clear error', async () => {
  const path = newPath()
  await writeFile(path, '')
  await chmod(path, 0o400)
  const { said, ended } = run(`
    if (${isRoot}) process.setuid(65534)
    await open(${JSON.stringify(path)}).catch((error) => say(error.message))
    process.disconnect()
  `)
  expect(await ended).toEqual(well)
  expect(said).toEqual([expect.stringContaining(`Cannot write to ${path}: access is denied (EACCES)`)])
})

test('a folder in which nothing may be renamed stops no writing, and health says so', async () => {
  const locked = await mkdtemp(join(folder, 'locked-'))
  const path = join(locked, 'out.ndjson')
  await writeFile(path, '')
  await chmod(path, 0o666)
  await chmod(locked, 0o555)
  const { said, ended } = run(`
    if (${isRoot}) process.setuid(65534)
    const log = { warn: say }
    const options = { path: ${JSON.stringify(path)}, fsync: 'batch', rotate: { maxBytes: 100, keep: 5 } }
    const session = await output.open({ options, resolvePath: (path) => path, signal, log })
    for (const message of ['a', 'b', 'c']) await session.write(logs([message]))
    say(JSON.stringify(session.health()))
    process.disconnect()
  `)
  expect(await ended).toEqual(well)
  const reason = expect.stringMatching(/^Cannot rotate .*, it grows beyond 100 bytes: access is denied/)
  expect(said).toEqual([reason, expect.any(String)])
  expect(JSON.parse(said[1]!)).toEqual({ state: 'degraded', reason })
  expect(messagesIn(path)).toEqual(['a', 'b', 'c'])
})

/** A disk of 64 KiB, 20,000 bytes of which `free` frees; undefined where none can be mounted. */
async function smallDisk(): Promise<{ disk: string; free(): Promise<void> } | undefined> {
  const disk = await mkdtemp(join(folder, 'disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=777', 'tmpfs', disk], { stdio: 'pipe' })
  } catch {
    return undefined
  }
  cleanups.push(() => execFileSync('umount', ['-l', disk]))
  await writeFile(join(disk, 'ballast'), Buffer.alloc(20_000))
  return { disk, free: () => rm(join(disk, 'ballast')) }
}

const onSmallDisk = test.skipIf(!isRoot || process.platform !== 'linux')

onSmallDisk(
  'when the disk fills up (root mounts one), nothing accepted is lost, nothing is half',
  async ({ skip }) => {
    const small = (await smallDisk()) ?? skip('no disk can be mounted here')
    const path = join(small.disk, 'out.ndjson')
    const { started, said, ended } = run(`
    const session = await open(${JSON.stringify(path)})
    let code
    for (let batch = 0; !code; batch += 1) {
      const messages = Array.from({ length: 30 }, (_, i) => batch + ' ' + i + ' ' + 'x'.repeat(100))
      await session.write(logs(messages)).then(() => messages.forEach((message) => say(message)), (error) => (code = error.code))
    }
    say(code)
    process.once('message', async () => {
      await session.write(logs(['after']))
      process.disconnect()
    })
  `)
    await vi.waitFor(() => expect(said.at(-1)).toBe('ENOSPC'), { timeout: 10_000 })
    const accepted = said.slice(0, -1)
    expect(accepted.length).toBeGreaterThan(0)
    expect(messagesIn(path)).toEqual(accepted)
    await small.free()
    started.send('go')
    expect(await ended).toEqual(well)
    expect(messagesIn(path)).toEqual([...accepted, 'after'])
  },
)

onSmallDisk(
  'when the disk below stdout fills up (root mounts one), a half line stands alone',
  async ({ skip }) => {
    const small = (await smallDisk()) ?? skip('no disk can be mounted here')
    const path = join(small.disk, 'stdout')
    const { started, said, ended } = run(
      `
    const session = await open('-')
    await session.write(logs(['a', 'x'.repeat(50_000)])).catch((error) => say(error.code))
    process.once('message', async () => {
      await session.write(logs(['b']))
      process.disconnect()
    })
  `,
      { stdout: openSync(path, 'w') },
    )
    await vi.waitFor(() => expect(said).toEqual(['ENOSPC']), { timeout: 10_000 })
    await small.free()
    started.send('go')
    expect(await ended).toEqual(well)
    const [whole, half, after, ...rest] = readFileSync(path, 'utf8').split('\n')
    expect(JSON.parse(whole!)).toMatchObject({ message: 'a' })
    expect(half).toMatch(/x$/)
    expect(JSON.parse(after!)).toMatchObject({ message: 'b' })
    expect(rest).toEqual([''])
  },
)

test('"-" is stdout: lines arrive there, and a reader that is gone is an error', async () => {
  const { started, said, ended } = run(
    `
    const session = await open('-')
    await session.write(logs(['a', 'b']))
    process.once('message', async () => {
      await session.write(logs(['c'])).catch((error) => say(error.message))
      say(session.health().state)
      await session.stop()
      process.disconnect()
    })
  `,
    { stdout: 'pipe' },
  )
  let text = ''
  started.stdout?.on('data', (data) => (text += String(data)))
  await vi.waitFor(() => expect(text.match(/\n/g)).toHaveLength(2), { timeout: 10_000 })
  started.stdout?.destroy()
  started.send('go')
  expect(await ended).toEqual(well)
  expect(said).toEqual(['Cannot write to stdout: its reader is gone (EPIPE)', 'degraded'])
})

test('a slow reader of a stdout that does not block gets every line', async () => {
  const { started, ended } = run(
    `
    process.stdout.write('')
    const session = await open('-')
    for (let batch = 0; batch < 20; batch += 1)
      await session.write(logs(Array.from({ length: 500 }, (_, i) => batch + ' ' + i)))
    process.disconnect()
  `,
    { stdout: 'pipe' },
  )
  const messages: string[] = []
  let rest = ''
  for await (const data of started.stdout!) {
    const lines = (rest + String(data)).split('\n')
    rest = lines.pop()!
    messages.push(...lines.map((line) => (JSON.parse(line) as { message: string }).message))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  expect(await ended).toEqual(well)
  expect(messages).toEqual(Array.from({ length: 10_000 }, (_, i) => `${Math.floor(i / 500)} ${i % 500}`))
})
