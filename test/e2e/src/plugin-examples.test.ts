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
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { conformance, line } from '@smart-gateway/conformance'
import { createGateway } from '@smart-gateway/core'
import type { Gateway } from '@smart-gateway/core'
import { ROOT } from './gateway-process.ts'
import { freePort } from './peers/ports.ts'
import { readText } from './workspace.ts'

/** The files that docs/writing-a-plugin.md shows: each block says behind its language which one it is. */
const files = new Map(
  [...readText('docs/writing-a-plugin.md').matchAll(/^```\w+ (\S+)\n([^]*?)^```$/gm)].map(
    ([, file, text]) => [file!, text!],
  ),
)
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

test('what the document links to is there', () => {
  for (const document of ['writing-a-plugin', 'versioning', 'publishing'])
    for (const [, target] of readText(`docs/${document}.md`).matchAll(/\]\(([^)#:]+)\)/g))
      expect(existsSync(join(ROOT, 'docs', target!)), `${document}: ${target}`).toBe(true)
})

async function post(body: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/readings`, { method: 'POST', body })
  await answer.arrayBuffer()
  return answer.status
}
