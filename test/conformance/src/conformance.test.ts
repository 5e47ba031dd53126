import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { MUTANTS } from '../mutants/all.ts'
import { code, writeMutant } from '../mutants/mutant.ts'
import type { Change } from '../mutants/mutant.ts'
import { conformance } from './conformance.ts'
import { badge } from './report/badge.ts'
import { junit } from './report/junit.ts'
import { line, summary } from './report/terminal.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-'))
  folders.push(folder)
  return folder
}

/** A check as a report names it where it was tried inline and in a thread. */
function inBoth(id: string): readonly string[] {
  return [id, `${id} (worker)`]
}

function pluginWith(author: string, changes: readonly Change[] = []): string {
  const folder = scratch()
  writeMutant({ base: 'filter', changes }, folder)
  writeFileSync(join(folder, 'conformance.js'), author)
  return folder
}

test('a SHOULD that its author skips is shown as such, with the reason', async () => {
  const folder = pluginWith("export default { skip: { 'package.types': 'it is plain JavaScript' } }")
  const report = await conformance(folder)
  const { outcomes, conforms } = report
  const outcome = outcomes.find(({ id }) => id === 'package.types')!
  expect(outcome.result).toEqual({ status: 'skipped', reason: 'it is plain JavaScript' })
  expect(line(outcome)).toContain('it is plain JavaScript')
  expect(JSON.parse(badge(report))).toMatchObject({
    message: expect.stringMatching(/^(\d+)\/\1, 1 skipped$/),
    color: 'green',
  })
  expect(conforms).toBe(true)
}, 60_000)

test('a MUST cannot be skipped', async () => {
  const folder = pluginWith("export default { skip: { 'filter.whole': 'no time' } }")
  const report = await conformance(folder)
  expect(report.conforms).toBe(false)
  const failed = report.outcomes.filter(({ result }) => result.status === 'failed')
  expect(failed.map(({ id }) => id)).toEqual(['filter.whole'])
  expect(line(failed[0]!)).toMatch(
    /clause: F-1: `apply` MUST .*\n.*clause: F-4: .*\n.*clause: F-11: .*\n.*done: .*\n.*seen: .*MUST.*\n.*hint: /,
  )
  expect(junit(report)).toMatch(/<testcase name="filter.whole"[^>]*><failure message="it skips filter.whole/)
  expect(junit(report)).toContain('clause: F-4: Every column of the batch')
  expect(JSON.parse(JSON.stringify(failed[0]!))).toMatchObject({
    clauses: [
      { number: 'F-1' },
      { number: 'F-4', sentence: expect.stringContaining('Every column') },
      { number: 'F-11' },
    ],
  })
  expect(JSON.parse(badge(report))).toMatchObject({ message: '1 failed', color: 'red' })
}, 60_000)

test('a fault that the peer cannot play leaves its checks untried: every form of the report says so, and which', async () => {
  const folder = scratch()
  const without = (from: string) => ({ file: 'conformance.js', from, to: '' })
  const refuse = without('        refuse: () => void (fault = () => ({ status: 400 })),\n')
  const busy = without(
    "        busy: (ms) => void (fault = () => ({ status: 503, headers: { 'retry-after': ms / 1000 } })),\n",
  )
  // The store keeps what it has, whatever its author says.
  const lie = {
    file: 'conformance.js',
    from: 'received: () => lines,',
    to: 'received: () => lines, keeps: false,',
  }
  writeMutant({ base: 'output', changes: [refuse, busy, lie] }, folder)
  const report = await conformance(folder)
  expect(report).toMatchObject({
    profile: 'full',
    conforms: true,
    counts: { mustFailed: 0, mustNotTried: 4, shouldNotTried: 2 },
    notTried: {
      must: ['output.refused', 'output.refused-once', 'output.busy', 'output.midway'],
      should: ['output.retry-after', 'output.busy-once'],
      hooks: ['faults.refuse', 'faults.busy'],
    },
  })
  expect(summary(report)).toMatch(
    /\(output, full profile, 4 MUST not tried: faults\.refuse, faults\.busy\) .*, 4 MUST not tried, 2 SHOULD not tried, /,
  )
  expect(junit(report)).toContain('(full profile, 4 MUST not tried: faults.refuse, faults.busy, seed')
  expect(junit(report)).toContain('<property name="mustNotTried" value="4"/>')
  for (const name of inBoth('output.busy')) expect(junit(report)).toContain(`<testcase name="${name}"`)
  expect(junit(report)).toMatch(/<testcase name="output.busy"[^>]*><skipped message="not tried: the peer/)
  expect(JSON.parse(badge(report))).toMatchObject({
    label: 'smart-gateway conformance (full, in part)',
    message: expect.stringMatching(/^(\d+)\/\1, 6 not tried$/),
    color: 'yellowgreen',
  })
}, 60_000)

test('what nobody says of a store leaves its SHOULD checks untried', async () => {
  const folder = scratch()
  const said = { file: 'conformance.js', from: '      ordered: true,\n      knowsIds: false,\n', to: '' }
  writeMutant({ base: 'output', changes: [said] }, folder)
  const { notTried } = await conformance(folder, { isolation: 'inline' })
  expect(notTried).toEqual({
    must: [],
    should: ['output.order', 'output.same-id'],
    hooks: ['ordered', 'knowsIds'],
  })
}, 60_000)

test('what needs no peer is tried whole in the core profile', async () => {
  const { profile, notTried, counts } = await conformance(pluginWith('export default {}'))
  expect({ profile, notTried }).toEqual({ profile: 'core', notTried: { must: [], should: [], hooks: [] } })
  expect(counts).toMatchObject({ mustNotTried: 0, doNotApply: expect.any(Number) })
}, 60_000)

test('the full profile is refused in a sentence where there is no peer', async () => {
  const folder = pluginWith('export default {}')
  await expect(conformance(folder, { profile: 'full' })).rejects.toThrow('the full profile needs a peer')
}, 60_000)

test('what is about fates is not tried where the peer cannot tell them, and says what to do', async () => {
  const folder = pluginWith('')
  const mute = { file: 'conformance.js', from: '      fate: (text) => fates.get(text),\n', to: '' }
  writeMutant({ base: 'transport', changes: [mute] }, folder)
  const { notTried, conforms } = await conformance(folder)
  expect(conforms).toBe(true)
  expect(notTried).toEqual({
    must: ['transport.waits', 'transport.refuses', 'transport.settles-late'],
    should: [],
    hooks: ['fate'],
  })
}, 60_000)

test('what a plugin binds to its import hides no store that could be busy', async () => {
  const folder = scratch()
  const bound = [
    code(
      "import { Agent, request } from 'node:http'",
      `import { AsyncLocalStorage } from 'node:async_hooks'
import { Agent, request } from 'node:http'

const outside = AsyncLocalStorage.snapshot()`,
    ),
    code('=> send(options, agent, signal, lines)', '=> outside(send, options, agent, signal, lines)'),
  ]
  const healthy = { file: 'conformance.js', from: '      faults: {', to: '      never: {' }
  writeMutant({ base: 'output', changes: [...bound, healthy] }, folder)
  const { notTried } = await conformance(folder, { isolation: 'inline' })
  expect(notTried.must).toEqual(expect.arrayContaining(['output.busy', 'output.refused', 'output.outage']))
}, 60_000)

test('a program that an output runs and waits for is somebody who could be busy', async () => {
  const folder = scratch()
  const appending = `import { execFileSync } from 'node:child_process'
export default {
  api: 1,
  kind: 'output',
  name: 'base',
  signals: ['log'],
  options: { type: 'object', additionalProperties: false, required: ['file'], properties: { file: { type: 'string' } } },
  open: ({ options }) => ({
    async write({ records }) {
      const input = records.map((record) => JSON.stringify(record.message) + '\\n').join('')
      execFileSync('sh', ['-c', 'cat >> "$0"', options.file], { input })
    },
  }),
}
`
  const reading = `import { readFileSync, writeFileSync } from 'node:fs'
let made = 0
export default {
  async setup({ folder }) {
    const file = folder + '/store-' + made++
    writeFileSync(file, '')
    return { options: { file }, received: () => readFileSync(file, 'utf8').split('\\n'), close() {} }
  },
}
`
  const files = { 'index.js': appending, 'conformance.js': reading }
  writeMutant(
    { base: 'output', changes: Object.entries(files).map(([file, text]) => ({ file, text })) },
    folder,
  )
  const { notTried } = await conformance(folder, { isolation: 'inline' })
  expect(notTried.hooks).toContain('faults.busy')
}, 60_000)

test('a transport that goes to its peer only where it subscribes may tell it a fate', async () => {
  const folder = scratch()
  const mute = { file: 'conformance.js', from: '      fate: (text) => fates.get(text),\n', to: '' }
  writeMutant({ base: 'transport', changes: [mute] }, folder)
  const module = join(folder, 'index.js')
  const text = readFileSync(module, 'utf8').replace('redelivers: true', 'redelivers: false')
  const [from, to] = [text.indexOf('    const { hostname'), text.indexOf('    return {\n      address')]
  const subscribing = 'async subscribe({ credit }, intake) {\n'
  const late = text
    .replace(text.slice(from, to), '    let socket\n    let stopping\n    let gone\n')
    .replace(
      subscribing,
      `${subscribing}${text.slice(from, to).replace('const socket =', 'socket =').replace('    let stopping\n', '').replace('const gone =', 'gone =')}`,
    )
    .replace('socket.destroy()\n        await gone', 'socket?.destroy()\n        await gone')
  writeFileSync(module, late)
  const { notTried } = await conformance(folder)
  expect(notTried.must).toEqual(expect.arrayContaining(['transport.waits', 'transport.refuses']))
}, 60_000)

const SPOOL = `import { readdir, readFile, unlink } from 'node:fs/promises'
export default {
  api: 1, kind: 'transport', name: 'spool', redelivers: true,
  options: { type: 'object', additionalProperties: false, properties: {} },
  subscription: {
    type: 'object', additionalProperties: false, required: ['folder'],
    properties: { folder: { type: 'string', description: 'Where each message is a file.' } },
  },
  open() {
    const open = new Set()
    return {
      async subscribe({ folder }, intake) {
        const under = new Set()
        let timer
        const look = async () => {
          for (const name of await readdir(folder)) {
            const path = \`\${folder}/\${name}\`
            if (under.has(path) || intake.full || timer === undefined) continue
            under.add(path)
            const body = await readFile(path)
            const gone = () => unlink(path).catch(() => undefined)
            intake.deliver({ body }).then(gone, (error) => error.retryable === false && gone()).finally(() => under.delete(path))
          }
        }
        const stop = async () => { clearInterval(timer); timer = undefined; open.delete(stop) }
        open.add(stop)
        return { address: folder, start() { timer = setInterval(look, 20) }, stop }
      },
      async stop() { for (const stop of open) await stop() },
    }
  },
}
`

test('a transport that removes what was accepted could tell its peer a fate, though it speaks to nobody', async () => {
  const folder = scratch()
  const author = `import { writeFile } from 'node:fs/promises'
let number = 0
export default { setup: async ({ folder }) => ({
  options: {},
  subscription: { folder },
  async produce(texts) { for (const text of texts) await writeFile(\`\${folder}/\${number++}\`, text) },
  close() {},
}) }`
  writeMutant({ base: 'transport', changes: [{ file: 'index.js', text: SPOOL }] }, folder)
  writeFileSync(join(folder, 'conformance.js'), author)
  const { notTried, outcomes } = await conformance(folder)
  expect(notTried.must).toEqual(
    expect.arrayContaining(['transport.waits', 'transport.refuses', 'transport.settles-late']),
  )
  const redelivered = outcomes.find(({ id }) => id === 'transport.redelivers')
  expect(redelivered?.result.status).toBe('passed')
}, 60_000)

test('what its author says of its store hides no write that was lost on stop', async () => {
  const folder = scratch()
  const lie = {
    file: 'conformance.js',
    from: 'received: () => lines,',
    to: 'received: () => lines, keeps: false,',
  }
  const dropping = MUTANTS.find(({ does }) => does.startsWith('resolves an open write on stop'))!
  writeMutant({ base: 'output', changes: [...dropping.changes, lie] }, folder)
  const { outcomes } = await conformance(folder, { isolation: 'inline' })
  const failed = outcomes.filter(({ result }) => result.status === 'failed').map(({ id }) => id)
  expect(failed).toEqual(['output.flushes', 'output.stopped-hanging'])
}, 60_000)

test('a folder without a plugin is told in a sentence', async () => {
  await expect(conformance(import.meta.dirname)).rejects.toThrow('there is no package.json in')
})

test('a conformance.js that cannot be imported is told, and not tried for every check', async () => {
  const folder = pluginWith("throw new Error('no such store')")
  const { outcomes, conforms } = await conformance(folder)
  expect(conforms).toBe(false)
  const failed = outcomes.filter(({ result }) => result.status === 'failed')
  expect(failed).toHaveLength(2)
  expect(failed[0]!.result).toMatchObject({
    finding: { did: 'imported conformance.js', saw: 'it cannot be used: no such store' },
  })
}, 60_000)

test('of a filter that changes nothing it is said that nothing was seen, and what helps', async () => {
  const folder = pluginWith('export default {}', [
    code("if (batch.signal !== 'metric') return batch", 'return batch'),
  ])
  const { outcomes, conforms } = await conformance(folder)
  expect(conforms).toBe(true)
  const notTried = outcomes.filter(({ result }) => result.status === 'not-tried').map(({ id }) => id)
  expect(notTried).toEqual(expect.arrayContaining(['filter.batch-unchanged', 'filter.whole', 'filter.order']))
  expect(line(outcomes.find(({ id }) => id === 'filter.batch-unchanged')!)).toContain(
    'give `options` in conformance.js',
  )
}, 60_000)
