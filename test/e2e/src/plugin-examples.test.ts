import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { conformance, line } from '@smart-gateway/conformance'
import { createGateway } from '@smart-gateway/core'
import type { Gateway } from '@smart-gateway/core'
import { ROOT } from './gateway-process.ts'
import { freePort } from './peers/ports.ts'
import { until } from './peers/until.ts'
import { readText } from './workspace.ts'

/** The files that a document shows: each block says behind its language which one it is. */
function shownIn(document: string): ReadonlyMap<string, string> {
  const blocks = readText(document).matchAll(/^( *)```\w+ (\S+)\n([^]*?)^\1```$/gm)
  return new Map([...blocks].map(([, indent, file, text]) => [file!, text!.replaceAll(`\n${indent}`, '\n')]))
}

const files = shownIn('docs/writing-a-plugin.md')
const proofs = shownIn('docs/proving-a-plugin.md')
const plugins = [...files.keys()].filter((file) => file.endsWith('package.json')).map(dirname)

let folder: string
let gateway: Gateway
let port: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writing-'))
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  mkdirSync(join(folder, 'node_modules/@smart-gateway'), { recursive: true })
  symlinkSync(join(ROOT, 'sdk'), join(folder, 'node_modules/@smart-gateway/sdk'))
  port = await freePort()
  const startup = files.get('startup.yaml')!.replace('8080', String(port))
  writeFileSync(join(folder, 'startup.yaml'), `gateway: { admin: { port: 0 }, logLevel: error }\n${startup}`)
  gateway = createGateway(join(folder, 'startup.yaml'))
  await gateway.start()
})

afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('there is one of each kind', () => {
  const kinds = plugins.map(
    (plugin) =>
      (JSON.parse(files.get(`${plugin}/package.json`)!) as { smartGateway: { kind: string } }).smartGateway
        .kind,
  )
  expect(kinds.toSorted()).toEqual(['filter', 'input', 'output', 'transport'])
})

test('the four of them run together', async () => {
  expect(
    gateway.registry.view().map(({ name, state, reason }) => `${name} ${state} ${reason ?? ''}`.trim()),
  ).toEqual(expect.arrayContaining(['box ready', 'warm ready', 'readings ready', 'journal ready']))
  expect(await post('temperature 21.5\noutside -3')).toBe(204)
  expect(await post('nonsense')).toBe(422)
  const written = readFileSync(join(folder, 'journal.ndjson'), 'utf8').trim().split('\n')
  expect(written.map((record) => JSON.parse(record) as object)).toEqual([
    expect.objectContaining({ name: 'home_temperature', value: 21.5 }),
  ])
})

test.each(plugins)('%s is swapped while it runs', async (plugin) => {
  const [, name] = new RegExp(`(\\w+): \\{ plugin: \\./${plugin}\\b`).exec(files.get('startup.yaml')!)!
  const { generation } = await gateway.swap(name!, join(folder, plugin))
  expect(generation).toBe(2)
  expect(await post('temperature 20')).toBe(204)
})

test.each(plugins)(
  '%s conforms',
  async (plugin) => {
    const own = mkdtempSync(join(folder, 'conformance-'))
    cpSync(join(folder, plugin), own, { recursive: true })
    const { conforms, outcomes } = await conformance(own)
    const failed = outcomes.filter(({ result }) => result.status === 'failed')
    expect(failed.map(line)).toEqual([])
    expect(conforms).toBe(true)
  },
  60_000,
)

test.each<[string, readonly string[]]>([
  ['poster', []],
  ['post-box', ['faults.hang', 'faults.down']],
])(
  '%s conforms in the full profile with its conformance.js',
  async (plugin, hooks) => {
    const own = mkdtempSync(join(folder, 'conformance-'))
    for (const [file, text] of [...files, ...proofs])
      if (dirname(file) === plugin) writeFileSync(join(own, basename(file)), text)
    const { profile, notTried, outcomes } = await conformance(own)
    const failed = outcomes.filter(({ result }) => result.status === 'failed')
    expect(failed.map(line)).toEqual([])
    expect({ profile, hooks: notTried.hooks }).toEqual({ profile: 'full', hooks })
  },
  120_000,
)

test("the suite's README shows one of them", () => {
  expect([...shownIn('test/conformance/README.md')]).toEqual([
    ['poster/conformance.js', proofs.get('poster/conformance.js')],
  ])
})

test('a wait for a connection that is given up leaves no socket', async () => {
  const file = join(folder, 'connected.mjs')
  writeFileSync(file, proofs.get('connected.js')!)
  const { connected } = (await import(file)) as {
    connected(address: object, signal: AbortSignal): Promise<Socket>
  }
  const seen: Socket[] = []
  const server = createServer((socket) => seen.push(socket.resume().on('error', () => undefined)))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address() as AddressInfo
  const to = { host: '127.0.0.1', port: address.port }
  await expect(connected(to, AbortSignal.abort())).rejects.toThrow('aborted')
  const leaving = new AbortController()
  const waiting = connected(to, leaving.signal)
  leaving.abort()
  await expect(waiting).rejects.toThrow('aborted')
  const socket = await connected(to, new AbortController().signal)
  await until('the first two to be gone', () => seen.filter(({ closed }) => !closed).length === 1)
  socket.destroy()
  server.close()
})

test('what the documents link to is there', () => {
  for (const document of ['writing-a-plugin', 'proving-a-plugin', 'versioning', 'publishing'])
    for (const [, target] of readText(`docs/${document}.md`).matchAll(/\]\(([^)#:]+)\)/g))
      expect(existsSync(join(ROOT, 'docs', target!)), `${document}: ${target}`).toBe(true)
})

async function post(body: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/readings`, { method: 'POST', body })
  await answer.arrayBuffer()
  return answer.status
}
