import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { recordingLog } from '../testing/log-lines.ts'
import { writePlugin } from '../testing/plugin-folder.ts'
import { GenerationStore } from './generations.ts'
import type { Placed } from './shelf.ts'
import type { NpmRules } from './npm.ts'
import type { PluginSource } from './source.ts'

const NAME = 'stranger-output'
const folder = mkdtempSync(join(tmpdir(), 'npm-'))
const tarballs = new Map<string, Buffer>()
let asked: string[] = []
const registry = createServer((request, response) => {
  const path = decodeURIComponent(request.url ?? '')
  asked.push(path)
  const file = /([^/]+\.tgz)$/.exec(path)?.[1]
  if (file !== undefined) return void response.end(tarballs.get(file))
  if (path === '/hang') return
  if (path !== `/${NAME}` && path !== '/helper') return void response.writeHead(404).end('{}')
  const name = path.slice(1)
  const versions = [...tarballs.keys()]
    .filter((one) => one.startsWith(`${name}-`))
    .map((one) => one.slice(name.length + 1, -4))
  response.end(
    JSON.stringify({
      name,
      'dist-tags': { latest: versions.at(-1) },
      versions: Object.fromEntries(versions.map((version) => [version, manifestOf(name, version)])),
    }),
  )
})

function manifestOf(name: string, version: string): object {
  const file = `${name}-${version}.tgz`
  const { port } = registry.address() as AddressInfo
  const dependencies = name === NAME ? { helper: '1.0.0' } : {}
  const tarball = `http://127.0.0.1:${port}/${name}/-/${file}`
  return {
    name,
    version,
    dependencies,
    hasInstallScript: true,
    scripts: { install: 'touch INSTALLED' },
    dist: { tarball, integrity: integrityOf(file) },
  }
}

function integrityOf(file: string): string {
  return `sha512-${createHash('sha512').update(tarballs.get(file)!).digest('base64')}`
}

function pack(name: string, version: string, json: object, text: string): void {
  const source = writePlugin(join(folder, `${name}-${version}`), 'output', {
    'package.json': {
      name,
      version,
      type: 'module',
      main: 'index.js',
      scripts: { install: 'touch INSTALLED' },
      ...json,
    },
    'index.js': text,
  })
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
    cwd: source,
    stdio: 'ignore',
  })
  const file = `${name}-${version}.tgz`
  tarballs.set(file, readFileSync(join(folder, file)))
}

const before = { ...process.env }

beforeAll(async () => {
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
  pack('helper', '1.0.0', {}, `export default 'helped'`)
  for (const version of ['1.0.0', '1.1.0'])
    pack(
      NAME,
      version,
      { smartGateway: { api: 1, kind: 'output' }, dependencies: { helper: '1.0.0' } },
      `export { default } from 'helper'`,
    )
  process.env['npm_config_registry'] = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`
  process.env['npm_config_cache'] = join(folder, 'cache')
  process.env['npm_config_fetch_retries'] = '0'
})

afterAll(() => {
  process.env = before
  registry.close()
  registry.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

function place(
  source: PluginSource,
  rules: NpmRules = {},
  signal = new AbortController().signal,
): Promise<Placed> {
  asked = []
  const store = new GenerationStore({
    stateFolder: join(folder, 'state'),
    folder,
    log: recordingLog().log,
    rules: () => ({ keep: 5, ...rules }),
  })
  return store.place('x', 'output', source, signal)
}

const version = (wanted: string): PluginSource => ({ kind: 'npm', name: NAME, version: wanted })

function leftBehind(): readonly string[] {
  const home = join(folder, 'state/generations/x')
  return existsSync(home) ? readdirSync(home).filter((name) => name.includes('npm')) : []
}

test('a version comes from the registry with its dependencies; no script of it runs; its integrity is recorded', async () => {
  const placed = await place(version('^1.0.0'))
  expect(placed.package.version).toBe('1.1.0')
  expect(placed.integrity).toBe(integrityOf(`${NAME}-1.1.0.tgz`))
  const { default: said } = (await import(placed.package.entry)) as { default: string }
  expect(said).toBe('helped')
  expect(existsSync(join(placed.package.folder, 'INSTALLED'))).toBe(false)
  expect(leftBehind()).toEqual([])
}, 60_000)

test('a tarball is taken as a version is', async () => {
  const placed = await place({ kind: 'tarball', path: `./${NAME}-1.0.0.tgz` })
  expect(placed).toMatchObject({ package: { version: '1.0.0' }, integrity: integrityOf(`${NAME}-1.0.0.tgz`) })
}, 60_000)

test.each<[string, PluginSource, NpmRules]>([
  ['not on the list', version('1.0.0'), { allow: ['@acme/*', 'other'] }],
  ['named like an option', { kind: 'npm', name: '--ignore', version: '1.0.0' }, {}],
  ['named like a path', { kind: 'npm', name: '../x', version: '1.0.0' }, {}],
  ['of a version that is a URL', version('http://127.0.0.1/x.tgz'), {}],
  ['of a version like an option', version('--registry=x'), {}],
  ['of a version from git', version('git+ssh://x'), {}],
])('what is %s is refused before anything is fetched', async (_, source, more) => {
  await expect(place(source, more)).rejects.toMatchObject({ code: 'SG_NOT_ALLOWED' })
  expect(asked).toEqual([])
})

test.each<[string, Record<string, string>, boolean]>([
  ['whose integrity is another', { [`${NAME}@1.0.0`]: 'sha512-AAAA' }, false],
  ['of which other versions are pinned', { [`${NAME}@1.1.0`]: 'sha512-AAAA' }, false],
  ['whose neighbour is pinned', { 'other@1.0.0': 'sha512-AAAA' }, true],
])(
  'a package %s: taken is %s',
  async (_, pinned, taken) => {
    const placing = place(version('1.0.0'), { pinned, allow: [NAME] })
    if (taken) expect((await placing).package.version).toBe('1.0.0')
    else await expect(placing).rejects.toMatchObject({ code: 'SG_NOT_ALLOWED' })
    expect(leftBehind()).toEqual([])
  },
  60_000,
)

test('what npm cannot find is told in its words, and nothing is left behind', async () => {
  await expect(place({ kind: 'npm', name: 'nobody', version: '1.0.0' })).rejects.toMatchObject({
    code: 'SG_PLACE_FAILED',
    cause: { message: expect.stringMatching(/^npm failed: .*404/) as string },
  })
  await expect(place({ kind: 'tarball', path: './none.tgz' })).rejects.toThrow('could not be taken')
  expect(leftBehind()).toEqual([])
}, 60_000)

test('npm is ended when nobody waits for it any more', async () => {
  const abort = new AbortController()
  const placing = place({ kind: 'npm', name: 'hang', version: '1.0.0' }, {}, abort.signal)
  setTimeout(() => abort.abort(), 2000)
  const startMs = performance.now()
  await expect(placing).rejects.toThrow('could not be taken')
  expect(performance.now() - startMs).toBeLessThan(10_000)
  expect(leftBehind()).toEqual([])
}, 60_000)

test('npm that is over, but for something in a session of its own that it has started and that keeps its output open, is given up as well', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'npm-'))
  writeFileSync(join(bin, 'npm'), '#!/bin/sh\nsetsid sleep 20 >/dev/null &\n', { mode: 0o755 })
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`)
  const faults: unknown[] = []
  const hear = (fault: unknown): void => void faults.push(fault)
  process.on('uncaughtException', hear)
  onTestFinished(() => {
    process.off('uncaughtException', hear)
    vi.unstubAllEnvs()
    rmSync(bin, { recursive: true })
  })
  const abort = new AbortController()
  const placing = place({ kind: 'npm', name: NAME, version: '1.0.0' }, {}, abort.signal)
  setTimeout(() => abort.abort(), 1000)
  await expect(placing).rejects.toMatchObject({ cause: { message: 'npm was given up' } })
  expect(faults).toEqual([])
}, 10_000)
