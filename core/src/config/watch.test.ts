import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { recordingLog } from '../testing/log-lines.ts'
import { scratch } from '../testing/scratch.ts'
import { until } from '../testing/until.ts'
import { FileWatch } from './watch.ts'

const SETTLE_MS = 50
/** Longer than anything that may still come. */
const QUIET_MS = 700

/** A watch on a file, and what it told: a text that ends with `...` is unfinished. */
async function watching(path: string, { pollMs = 60_000 } = {}) {
  const told: string[] = []
  const watch = new FileWatch({
    settleMs: SETTLE_MS,
    patienceMs: 400,
    pollMs,
    log: recordingLog().log,
    async changed(paths, final) {
      expect(paths).toEqual([path])
      let text = 'gone'
      try {
        text = readFileSync(path, 'utf8')
      } catch {
        // It is not there.
      }
      if (!final && text.endsWith('...')) return 'unfinished'
      told.push(text)
      return undefined
    },
  })
  onTestFinished(() => watch.close())
  await watch.watch([path])
  const once = async (text: string): Promise<void> => {
    await until('it is told', () => told.length > 0)
    await delay(QUIET_MS)
    expect(told).toEqual([text])
  }
  return { watch, told, once }
}

function file(): string {
  const path = join(scratch(), 'startup.yaml')
  writeFileSync(path, 'old')
  return path
}

test.each<[string, (path: string) => void | Promise<void>]>([
  ['written in place', (path) => writeFileSync(path, 'new')],
  [
    'replaced by a rename',
    (path) => {
      writeFileSync(`${path}~`, 'new')
      renameSync(`${path}~`, path)
    },
  ],
  [
    'moved away and written anew, as vim does',
    (path) => {
      renameSync(path, `${path}.bak`)
      writeFileSync(path, 'new')
      rmSync(`${path}.bak`)
    },
  ],
  [
    'written in two halves',
    async (path) => {
      writeFileSync(path, 'n...')
      await delay(200)
      writeFileSync(path, 'new')
    },
  ],
  [
    'emptied and then written',
    async (path) => {
      writeFileSync(path, '')
      await delay(200)
      appendFileSync(path, 'new')
    },
  ],
])('a file that is %s is one change', async (_, write) => {
  const path = file()
  const { once } = await watching(path)
  await write(path)
  await once('new')
})

test('a ConfigMap whose ..data is swapped is one change, each time', async () => {
  const folder = scratch()
  const publish = (version: string): void => {
    mkdirSync(join(folder, version))
    writeFileSync(join(folder, version, 'startup.yaml'), version)
    symlinkSync(version, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  publish('..one')
  const path = join(folder, 'startup.yaml')
  symlinkSync('..data/startup.yaml', path)
  const { told } = await watching(path)
  for (const [i, version] of ['..two', '..three', '..four'].entries()) {
    publish(version)
    await until('it is told', () => told.length > i)
    await delay(QUIET_MS)
    expect(told.at(-1)).toBe(version)
    expect(told.length).toBe(i + 1)
  }
})

test.each<[string, string, (folder: string) => void, (folder: string) => void | Promise<void>]>([
  [
    'a link that a link to its folder leads through is replaced',
    'current/startup.yaml',
    (folder) => {
      for (const version of ['old', 'new']) {
        mkdirSync(join(folder, version))
        writeFileSync(join(folder, version, 'startup.yaml'), version)
      }
      symlinkSync('old', join(folder, 'stable'))
      symlinkSync('stable', join(folder, 'current'))
    },
    (folder) => {
      symlinkSync('new', join(folder, 'next'))
      renameSync(join(folder, 'next'), join(folder, 'stable'))
    },
  ],
  [
    'a link on the way is away for a while',
    'startup.yaml',
    (folder) => {
      mkdirSync(join(folder, '..old'))
      writeFileSync(join(folder, '..old', 'startup.yaml'), 'old')
      symlinkSync('..old', join(folder, '..data'))
      symlinkSync('..data/startup.yaml', join(folder, 'startup.yaml'))
    },
    async (folder) => {
      rmSync(join(folder, '..data'))
      await delay(QUIET_MS)
      mkdirSync(join(folder, '..new'))
      writeFileSync(join(folder, '..new', 'startup.yaml'), 'new')
      symlinkSync('..new', join(folder, '..data'))
    },
  ],
  [
    'its folder is replaced by one that holds the same, and it is edited there',
    'config/startup.yaml',
    (folder) => {
      mkdirSync(join(folder, 'config'))
      writeFileSync(join(folder, 'config/startup.yaml'), 'old')
    },
    async (folder) => {
      renameSync(join(folder, 'config'), join(folder, 'before'))
      mkdirSync(join(folder, 'config'))
      writeFileSync(join(folder, 'config/startup.yaml'), 'old')
      await delay(QUIET_MS)
      writeFileSync(join(folder, 'config/startup.yaml'), 'new')
    },
  ],
])('a file is found without polling where %s', async (_, path, begin, change) => {
  const folder = scratch()
  begin(folder)
  const { told } = await watching(join(folder, path))
  await change(folder)
  await until('it is told', () => told.at(-1) === 'new')
})

test('what stays unfinished is told when patience ends; what is gone too', async () => {
  const path = file()
  const { once, told } = await watching(path)
  writeFileSync(path, 'broken...')
  await once('broken...')
  rmSync(path)
  await until('it is told', () => told.length > 1)
  expect(told[1]).toBe('gone')
})

test('what holds the same as before is no change', async () => {
  const path = file()
  const { told, watch } = await watching(path)
  utimesSync(path, new Date(), new Date())
  writeFileSync(path, 'old')
  writeFileSync(path, 'new')
  writeFileSync(path, 'old')
  watch.look()
  await delay(QUIET_MS)
  expect(told).toEqual([])
})

test('a file that comes where none was is found; so is what no folder tells of', async () => {
  const folder = scratch()
  const path = join(folder, 'later', 'secret')
  const { once } = await watching(path, { pollMs: 100 })
  mkdirSync(join(folder, 'later'))
  writeFileSync(path, 'here')
  await once('here')
})

test('a thousand calls leave no descriptor behind, and none is left when it is closed', async () => {
  const path = file()
  const { watch } = await watching(path)
  const open = (): number => readdirSync('/proc/self/fd').length
  const before = open()
  for (let i = 0; i < 1000; i++) await watch.watch([path, `${path}.${i % 3}`])
  expect(open()).toBeLessThanOrEqual(before + 2)
  watch.close()
  expect(open()).toBeLessThanOrEqual(before)
})

test('to name the same files again resolves when what they hold is known, too', async () => {
  const path = file()
  writeFileSync(path, Buffer.alloc(50_000_000))
  const told: string[] = []
  const watch = new FileWatch({
    settleMs: SETTLE_MS,
    log: recordingLog().log,
    async changed() {
      told.push(readFileSync(path, 'utf8'))
      return undefined
    },
  })
  onTestFinished(() => watch.close())
  void watch.watch([path])
  await watch.watch([path])
  writeFileSync(path, 'new')
  await until('it is told', () => told.length > 0)
  expect(told).toEqual(['new'])
})

test('what files hold that are named while others are read is no change', async () => {
  const [first, second] = [file(), file()]
  writeFileSync(first, Buffer.alloc(50_000_000))
  const told: (readonly string[])[] = []
  const watch = new FileWatch({
    settleMs: SETTLE_MS,
    log: recordingLog().log,
    async changed(paths) {
      told.push(paths)
      return undefined
    },
  })
  onTestFinished(() => watch.close())
  await Promise.all([watch.watch([first]), watch.watch([first, second])])
  await delay(QUIET_MS)
  expect(told).toEqual([])
})
