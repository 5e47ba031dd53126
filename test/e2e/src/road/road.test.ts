/** The way of somebody who writes a plugin: from what is published, without our sources, to a swap under load. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../peers/ports.ts'
import { until } from '../peers/until.ts'
import { readJson } from '../workspace.ts'
import { packAll } from './packed.ts'
import type { PackedPackage } from './packed.ts'
import { startRegistry } from './registry.ts'
import type { Registry } from './registry.ts'
import { stranger } from './stranger.ts'
import type { Stranger } from './stranger.ts'

const KINDS = ['output', 'input', 'filter', 'transport'] as const
/** Where those two lie that a gateway runs. */
const FOLDER = { output: 'smart-gateway-output-road', input: 'smart-gateway-input-road' } as const
const MOST_MACHINE_MS = 120_000

let folder: string
let packed: readonly PackedPackage[]
let registry: Registry
let author: Stranger

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'road-'))
  packed = await packAll(folder)
  registry = await startRegistry(folder)
  for (const { file } of packed) await registry.publish(file)
  author = stranger(join(folder, 'author'), registry.url)
}, 180_000)

afterAll(() => {
  registry?.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

test('every package is packed with its licence, its code and its types, and has no script that runs when it is installed', () => {
  expect(packed.length).toBeGreaterThan(18)
  for (const { name, file, folder: home } of packed) {
    const paths = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).split('\n')
    const { exports, scripts = {} } = readJson(`${home}/package.json`) as {
      exports: object
      scripts?: object
    }
    const parts = ['./LICENSE', './README.md', './package.json', ...filesIn(exports)]
    expect(paths, name).toEqual(expect.arrayContaining(parts.map((part) => part.replace('.', 'package'))))
    expect(
      paths.filter((path) => /^package\/(src|dist)\/(.*\/)?(testing\/|[^/]*\.test\.)/.test(path)),
      name,
    ).toEqual([])
    expect(
      Object.keys(scripts).filter((script) => /install|^prepare$/.test(script)),
      name,
    ).toEqual([])
  }
})

test('a plugin of ours brings the functions that it has of the SDK: each module that a swap loads holds up the event loop', () => {
  const plugins = packed.filter(({ folder: home }) => home.startsWith('plugins/'))
  expect(plugins.length).toBeGreaterThan(12)
  for (const { name, file } of plugins) {
    const code = execFileSync('tar', ['-xOzf', file, 'package/dist/index.js'], { encoding: 'utf8' })
    expect(code, name).toContain('function define')
    expect(code, name).not.toMatch(/["']@smart-gateway\/sdk/)
  }
})

test('from npm create to a green conformance report', async () => {
  const beganMs = performance.now()
  await author.run(
    '.',
    'npm',
    'create',
    '-y',
    'smart-gateway-plugin',
    '--',
    '--kind',
    'output',
    '--name',
    'road',
  )
  await author.run(FOLDER.output, 'npm', 'install')
  const report = await author.run(FOLDER.output, 'npm', 'run', 'conformance')
  expect(performance.now() - beganMs).toBeLessThan(MOST_MACHINE_MS)
  expect(report).toMatch(
    /smart-gateway-output-road 0\.1\.0 \(output, full profile\) conforms: \d+ passed, 0 MUST failed, 0 SHOULD failed/,
  )
}, 180_000)

test.each(KINDS)(
  'a new %s passes its own test and conforms, and its README and schema files say what its code says',
  async (kind) => {
    const home = `smart-gateway-${kind}-road`
    if (kind !== 'output') {
      await author.run(
        '.',
        'npm',
        'create',
        '-y',
        'smart-gateway-plugin',
        '--',
        '--kind',
        kind,
        '--name',
        'road',
      )
      // All kinds are developed with the same packages: one installation serves.
      symlinkSync(join(author.home, FOLDER.output, 'node_modules'), join(author.home, home, 'node_modules'))
    }
    await author.run(home, 'npm', 'test')
    await author.run(home, 'npm', 'run', 'document', '--', '--check')
    expect(await author.run(home, 'npm', 'run', 'conformance', '--', '--profile', 'core')).toMatch(
      /core profile[^)]*\) conforms: .* 0 MUST failed, 0 SHOULD failed/,
    )
  },
  120_000,
)

test('while it is written it runs with sample traffic: what comes out is shown, and a save is swapped in', async () => {
  const source = join(author.home, FOLDER.input, 'src/index.ts')
  const text = readFileSync(source, 'utf8')
  const dev = author.start(FOLDER.input, 'npm', 'run', 'dev', '--', '--options', '{"prefix":"home_"}')
  try {
    await until('what comes out', () => dev.stdout().includes('"name":"home_temperature_celsius"'), 30_000)
    writeFileSync(
      source,
      text.replace('out.sample(found, value, timeMs)', 'out.sample(found, value + 1000, timeMs)'),
    )
    await until(
      'what comes out of the next generation',
      () => dev.stdout().includes('"value":1021.5'),
      30_000,
    )
    expect(dev.stderr()).toMatch(/saved: generation 2 runs after \d+ ms/)
  } finally {
    await dev.end()
    writeFileSync(source, text)
  }
  await author.run(FOLDER.input, 'npm', 'run', 'build')
}, 90_000)

test('what would be published is JavaScript with types, and no test', async () => {
  const [{ files }] = JSON.parse(
    await author.run(FOLDER.input, 'npm', 'pack', '--dry-run', '--json', '--ignore-scripts').then(asList),
  ) as [{ files: { path: string }[] }]
  const paths = files.map(({ path }) => path)
  expect(paths).toEqual(
    expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'options.schema.json', 'README.md']),
  )
  expect(paths.filter((path) => /test|^src|conformance|^node_modules/.test(path))).toEqual([])
})

test('a gateway of installed tarballs runs both, and the output is swapped to its next version under load: every id is there once', async () => {
  const tarballs = packed
    .filter(({ name }) => /\/(core|sdk|transport-http)$/.test(name))
    .map(({ file }) => file)
  const operator = stranger(join(folder, 'operator'), registry.url)
  for (const kind of ['output', 'input'] as const) {
    const made = await author.run(
      FOLDER[kind],
      'npm',
      'pack',
      '--silent',
      '--ignore-scripts',
      '--pack-destination',
      folder,
    )
    tarballs.push(join(folder, made.trim().split('\n').at(-1)!))
  }
  writeFileSync(join(operator.home, 'package.json'), '{ "private": true }')
  await operator.run('.', 'npm', 'install', ...tarballs)
  expect(readdirSync(join(operator.home, 'node_modules'))).not.toContain('typescript')

  const [web, admin] = [await freePort(), await freePort()]
  writeFileSync(
    join(operator.home, 'startup.yaml'),
    `gateway: { admin: { port: ${admin} } }
transports: { web: { plugin: http, options: { port: ${web} } } }
inputs: { road: { plugin: road, from: { transport: web, path: /road } } }
outputs: { store: { plugin: road, options: { path: ./records.ndjson } } }
`,
  )
  const gateway = operator.start('.', 'npx', 'smart-gateway', 'run', 'startup.yaml', '--quiet')
  try {
    await until('the gateway', () => ready(admin), 30_000)
    await nextVersion()
    const load = new Load(`http://127.0.0.1:${web}/road`)
    await until('some load', () => load.sent > 50)
    const told = await operator.run('.', 'npx', 'smart-gateway', 'swap', 'store', '--version', '0.2.0')
    expect(told).toMatch(/generation 2, version 0\.2\.0/)
    const atSwap = load.sent
    await until('load on the second version', () => load.sent > atSwap + 50)
    const ids = await load.end()

    const lines = readFileSync(join(operator.home, 'records.ndjson'), 'utf8').trim().split('\n')
    const records = lines.map((line) => JSON.parse(line) as { value: number; by?: string })
    expect(records.map(({ value }) => value).toSorted((a, b) => a - b)).toEqual(ids)
    expect(records.filter(({ by }) => by === 'second').length).toBeGreaterThan(50)
    expect(records.filter(({ by }) => by === undefined).length).toBeGreaterThan(50)
    expect(await operator.run('.', 'npx', 'smart-gateway', 'status')).toContain('everything is accounted for')
  } finally {
    await gateway.end()
  }
}, 120_000)

/** Every file that an entry `exports` leads to. */
function filesIn(target: object | string): readonly string[] {
  return typeof target === 'string' ? [target] : Object.values(target).flatMap(filesIn)
}

/** The author's next version, which marks what it writes, is published. */
async function nextVersion(): Promise<void> {
  const home = join(author.home, FOLDER.output)
  const lines = join(home, 'src/lines.ts')
  const text = readFileSync(lines, 'utf8')
  const changed = text.replace(
    'text += `${encode(batch, index)}\\n`',
    'text += `${encode(batch, index).slice(0, -1)},"by":"second"}\\n`',
  )
  expect(changed).not.toBe(text)
  writeFileSync(lines, changed)
  await author.run(FOLDER.output, 'npm', 'version', '0.2.0', '--no-git-tag-version')
  const made = await author.run(FOLDER.output, 'npm', 'pack', '--silent', '--pack-destination', folder)
  await registry.publish(join(folder, made.trim().split('\n').at(-1)!))
}

/** Messages with ids that count up, several at a time, each told to be stored by its answer. */
class Load {
  readonly #url: string
  readonly #senders: readonly Promise<void>[]
  readonly #refused: string[] = []
  #going = true
  #id = 0
  sent = 0

  constructor(url: string) {
    this.#url = url
    this.#senders = Array.from({ length: 8 }, () => this.#send())
  }

  /** Stops, and gives the ids of all that was sent. */
  async end(): Promise<readonly number[]> {
    this.#going = false
    await Promise.all(this.#senders)
    expect(this.#refused).toEqual([])
    return Array.from({ length: this.#id }, (_, i) => i)
  }

  async #send(): Promise<void> {
    while (this.#going) {
      const body = JSON.stringify({ name: 'road', value: this.#id++ })
      const answer = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      await answer.arrayBuffer()
      if (!answer.ok) this.#refused.push(`${body}: ${answer.status}`)
      this.sent++
    }
  }
}

async function ready(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** npm tells of packages as a list, or by their names. */
function asList(text: string): string {
  const told = JSON.parse(text) as object
  return JSON.stringify(Array.isArray(told) ? told : Object.values(told))
}
