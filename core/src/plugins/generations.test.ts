import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { recordingLog } from '../testing/log-lines.ts'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { GenerationStore } from './generations.ts'
import type { StoreSettings } from './generations.ts'
import type { Placed } from './shelf.ts'

const SIGNAL = new AbortController().signal

function storeIn(folder: string, more: Partial<StoreSettings> = {}): GenerationStore {
  return new GenerationStore({
    stateFolder: join(folder, 'state'),
    folder,
    rules: () => ({ keep: 2 }),
    log: recordingLog().log,
    ...more,
  })
}

function place(store: GenerationStore, path = './plugin'): Promise<Placed> {
  return store.place('x', 'output', { kind: 'folder', path }, SIGNAL)
}

/** What the default export of a placed plugin's function gives. */
async function told({ package: { entry } }: Placed): Promise<unknown> {
  const { default: tell } = (await import(pathToFileURL(entry).href)) as { default: () => unknown }
  return await tell()
}

/** A plugin that tells of each way in which code comes in, all of this version. */
function project(version: string, folder = scratch()): string {
  const modules = join(folder, 'node_modules')
  writeModule(join(modules, 'esm'), { 'index.js': `export { default } from 'deep'` }, { deep: '*' })
  writeModule(join(modules, 'deep'), { 'index.js': `export default 'deep ${version}'` })
  writeModule(
    join(modules, 'cjs'),
    {
      'index.cjs': `module.exports = require('./data.json').v + ' ' + require('cycle')`,
      'data.json': { v: version },
    },
    { cycle: '*' },
    'index.cjs',
  )
  writeModule(join(modules, 'cycle'), { 'index.cjs': `module.exports = 'cycle'` }, { cjs: '*' }, 'index.cjs')
  // Another version of `deep`, for one package alone.
  writeModule(join(modules, 'old'), { 'index.js': `export { default } from 'deep'` }, { deep: '*' })
  writeModule(join(modules, 'old/node_modules/deep'), { 'index.js': `export default 'own ${version}'` })
  writePlugin(join(folder, 'plugin'), 'output', {
    'package.json': {
      name: 'stranger',
      version,
      type: 'module',
      main: 'index.ts',
      smartGateway: { api: 1, kind: 'output' },
      dependencies: { esm: '*', cjs: '*', old: '*' },
      optionalDependencies: { 'not-there': '*' },
    },
    'index.ts': `import esm from 'esm'; import old from 'old'
import { createRequire } from 'node:module'
const own: string = '${version}'
export default async () => [own, esm, old, createRequire(import.meta.url)('cjs'), (await import('./lazy.js')).default]`,
    'index.js': '',
    'lazy.js': `export default 'lazy ${version}'`,
  })
  return folder
}

function writeModule(
  folder: string,
  files: Record<string, unknown>,
  dependencies = {},
  main = 'index.js',
): void {
  const name = folder.split('node_modules/').at(-1)
  const json = {
    name,
    version: '1.0.0',
    type: main.endsWith('.cjs') ? 'commonjs' : 'module',
    main,
    dependencies,
  }
  writePlugin(folder, 'none', { 'package.json': json, 'index.js': undefined, ...files })
}

function expected(version: string): readonly string[] {
  return [version, `deep ${version}`, `own ${version}`, `${version} cycle`, `lazy ${version}`]
}

test('each generation is all new: package, dependencies of both kinds, JSON, lazy imports, TypeScript, two versions of one package', async () => {
  const folder = project('1')
  const store = storeIn(folder)
  const first = await place(store)
  expect(await told(first)).toEqual(expected('1'))
  project('2', folder)
  const second = await place(store)
  expect(await told(second)).toEqual(expected('2'))
  expect([first.number, second.number, first.content === second.content]).toEqual([1, 2, false])
})

test('what is imported later comes from the same taking, whatever happens to the original', async () => {
  const folder = project('1')
  const placed = await place(storeIn(folder))
  project('2', folder)
  rmSync(join(folder, 'node_modules'), { recursive: true })
  expect(await told(placed)).toEqual(expected('1'))
})

test('a package that is written while it is taken is never mixed', async () => {
  const folder = project('1')
  const store = storeIn(folder)
  let version = 1
  const writing = setInterval(() => project(String(++version), folder), 1)
  setTimeout(() => clearInterval(writing), 300)
  const placed = await place(store)
  clearInterval(writing)
  const [own] = (await told(placed)) as string[]
  expect(await told(placed)).toEqual(expected(own!))
  expect(Number(own)).toBeGreaterThan(1)
})

test('a package that npm is about to replace is waited for', async () => {
  const folder = project('1')
  const modules = join(folder, 'node_modules')
  renameSync(join(folder, 'plugin'), join(modules, 'plugin'))
  mkdirSync(join(modules, '.plugin-a1b2c3d4'))
  const placing = place(storeIn(folder), './node_modules/plugin')
  setTimeout(() => {
    writePlugin(join(modules, 'plugin'), 'output', {
      'lazy.js': `export default 'lazy 2'`,
      'package.json': undefined,
      'index.js': undefined,
    })
    rmSync(join(modules, '.plugin-a1b2c3d4'), { recursive: true })
  }, 300)
  const { package: found } = await placing
  expect(existsSync(join(found.folder, 'lazy.js'))).toBe(true)
  const { default: lazy } = (await import(pathToFileURL(join(found.folder, 'lazy.js')).href)) as {
    default: string
  }
  expect(lazy).toBe('lazy 2')
})

test('what is installed is looked at also while npm is about to replace it', async () => {
  const folder = project('1')
  const modules = join(folder, 'node_modules')
  renameSync(join(folder, 'plugin'), join(modules, 'plugin'))
  const before = await storeIn(folder).look('output', './node_modules/plugin')
  mkdirSync(join(modules, '.plugin-a1b2c3d4'))
  const during = await storeIn(folder).look('output', './node_modules/plugin')
  expect(during.content).toBe(before.content)
})

test('what an npm that was killed has left beside a package, or what only looks like it, holds nothing up', async () => {
  const folder = project('1')
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '.deep-cache'))
  mkdirSync(join(modules, '.esm-a1b2c3d4'))
  const hourLater = Date.now() + 3_600_000
  const now = vi.spyOn(Date, 'now').mockReturnValue(hourLater)
  onTestFinished(() => now.mockRestore())
  expect(await told(await place(storeIn(folder)))).toEqual(expected('1'))
})

test('a dependency that is not installed is named, with who needs it', async () => {
  const folder = project('1')
  rmSync(join(folder, 'node_modules/deep'), { recursive: true })
  await expect(place(storeIn(folder))).rejects.toMatchObject({
    code: 'SG_PLACE_FAILED',
    cause: {
      message: expect.stringContaining(
        'esm depends on deep, which is not installed: run npm install',
      ) as string,
    },
  })
  expect(existsSync(join(folder, 'state/generations/x'))).toBe(false)
})

test('a new start takes what the last one has taken, as long as it is the same', async () => {
  const folder = project('1')
  const first = await place(storeIn(folder))
  const again = await place(storeIn(folder))
  expect([again.number, again.package.folder]).toEqual([first.number, first.package.folder])
  const ownProcess = storeIn(folder)
  await place(ownProcess)
  expect((await place(ownProcess)).number).toBe(2)
  project('2', folder)
  expect((await place(storeIn(folder))).number).toBe(3)
})

test('a rollback takes what is kept, on a path of its own', async () => {
  const folder = project('1')
  const store = storeIn(folder)
  const first = await place(store)
  project('2', folder)
  await place(store)
  rmSync(join(folder, 'plugin'), { recursive: true })
  const back = await store.place('x', 'output', { kind: 'generation', number: 1 }, SIGNAL)
  expect(await told(back)).toEqual(expected('1'))
  expect([back.number, back.content, back.package.folder === first.package.folder]).toEqual([
    3,
    first.content,
    false,
  ])
  await expect(store.place('x', 'output', { kind: 'generation', number: 9 }, SIGNAL)).rejects.toThrow(
    'could not be taken',
  )
})

test('so many are kept that worked as are wanted, what is in use stays; what never worked and what a crash left half done goes', async () => {
  const folder = project('1')
  const store = storeIn(folder)
  for (const version of ['1', '2', '3', '4', '5']) {
    project(version, folder)
    await store.worked(await place(store))
  }
  project('6', folder)
  await place(store)
  const home = join(folder, 'state/generations/x')
  mkdirSync(join(home, '99999999-half/packages'), { recursive: true })
  mkdirSync(join(home, '7'))
  await store.prune('x', [1])
  expect(store.list('x', 'output').map(({ number }) => number)).toEqual([1, 4, 5])
  await store.prune('x', [5])
  expect(readdirSync(home).toSorted()).toEqual(['1', '4', '5'])
  expect(statSync(home).isDirectory()).toBe(true)
})

test('code that comes after code that was let go of is imported anew', async () => {
  const folder = project('1')
  const store = storeIn(folder)
  const first = await place(store)
  expect(await told(first)).toEqual(expected('1'))
  await store.prune('x', [])
  project('2', folder)
  const second = await place(store)
  expect([first.number, second.number]).toEqual([1, 2])
  expect(await told(second)).toEqual(expected('2'))
  await store.forget('x')
  project('3', folder)
  expect(await told(await place(store))).toEqual(expected('3'))
})

test('nor is a number given again that an earlier run gave', async () => {
  const folder = project('1')
  await place(storeIn(folder))
  const store = storeIn(folder)
  const first = await place(store)
  await told(first)
  await store.prune('x', [])
  project('2', folder)
  const second = await place(store)
  expect([first.number, second.number]).toEqual([1, 2])
  expect(await told(second)).toEqual(expected('2'))
})

test('code that is being taken is not let go of', async () => {
  const folder = project('1')
  const store = storeIn(folder)
  for (let i = 0; i < 10; i++) {
    const placing = place(store)
    let placed = false
    void placing.then(() => (placed = true))
    while (!placed) {
      await store.prune('x', [])
      await new Promise(setImmediate)
    }
    expect(existsSync((await placing).package.entry)).toBe(true)
    await store.prune('x', [])
  }
})

test('a plugin whose schema is not in its package is refused, and leaves nothing', async () => {
  const folder = project('1')
  const file = join(folder, 'plugin/package.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { smartGateway: object }
  writeFileSync(join(folder, 'options.json'), '{}')
  writeFileSync(
    file,
    JSON.stringify({ ...manifest, smartGateway: { ...manifest.smartGateway, options: '../options.json' } }),
  )
  await expect(place(storeIn(folder))).rejects.toMatchObject({
    cause: { message: expect.stringContaining('options.json cannot be read') as string },
  })
  expect(readdirSync(join(folder, 'state/generations/x'))).toEqual([])
})

test('a plugin of another kind is refused, and a folder that links into itself ends', async () => {
  const folder = project('1')
  await expect(
    storeIn(folder).place('x', 'input', { kind: 'folder', path: './plugin' }, SIGNAL),
  ).rejects.toMatchObject({
    cause: { message: expect.stringContaining('needed here is "input"') as string },
  })
  symlinkSync('.', join(folder, 'plugin/again'))
  await expect(place(storeIn(folder))).rejects.toThrow('could not be taken')
  writeFileSync(join(folder, 'plugin/package.json'), '{')
  await expect(place(storeIn(folder))).rejects.toThrow('could not be taken')
})
