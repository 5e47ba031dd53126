import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startCommand } from '../testing/command.ts'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { until } from '../testing/until.ts'

const OPEN = 'options: { type: "object", properties: { word: { type: "string", default: "first" } } }'

const FILTER = `export default { api: 1, kind: 'filter', name: 'words', ${OPEN},
  open: ({ options }) => ({ apply: (batch) => batch.signal !== 'log' ? { ...batch, length: 0, records: [], series: [], values: [], times: [] }
    : { ...batch, records: batch.records.map((one) => ({ ...one, message: options.word + ' A' })) } }) }`

const INPUT = `export default { api: 1, kind: 'input', name: 'words', signals: ['log'], ${OPEN}, example: { contentType: 'text/plain', body: 'an example' },
  open: ({ options }) => ({ decode: ({ body }, out) => out.log({ index: 'x', timeMs: 1, severity: 'info', publisher: 'x', labels: {}, message: options.word + ' A ' + body }) }) }`

const OUTPUT = `import { appendFileSync } from 'node:fs'
export default { api: 1, kind: 'output', name: 'words', signals: ['log'], ${OPEN},
  open: ({ options, resolvePath }) => ({ address: resolvePath('out.txt'), write: async ({ records }) => records.forEach((one) => appendFileSync(resolvePath('out.txt'), options.word + ' A\\n')) }) }`

const TRANSPORT = `export default { api: 1, kind: 'transport', name: 'words', ${OPEN}, subscription: { type: 'object' }, redelivers: false,
  open: ({ options, http }) => ({ async subscribe({ path }, intake) {
    const service = await http.serve({ host: '127.0.0.1', port: 0, path }, async (request) => {
      await intake.deliver({ body: Buffer.from(options.word + ' A ' + await request.text()) })
      return new Response('')
    })
    return { address: service.url, start() {}, async stop() {} } } }) }`

test.each([
  ['filter', FILTER, []],
  ['input', INPUT, []],
  ['output', OUTPUT, []],
  ['transport', TRANSPORT, ['--subscription', '{"path":"/x"}']],
])(
  'a %s runs with sample traffic, what comes out is shown, and a save is swapped in',
  async (kind, text, more) => {
    const folder = writePlugin(join(scratch(), 'words'), kind, { 'index.js': text })
    const command = startCommand(['dev', folder, '--options', '{"word":"my"}', ...more], scratch())
    await until('the first record', () => command.stdout.includes('my A'))
    expect(command.stderr).toContain(`test-${kind} runs`)

    writeFileSync(join(folder, 'index.js'), text.replaceAll(' A', ' B'))
    await until('the first record of the second generation', () => command.stdout.includes('my B'))
    await until('what is told of it', () => /saved: generation 2 runs after \d+ ms/.test(command.stderr))

    writeFileSync(join(folder, 'index.js'), 'export default {')
    await until('what is told of a broken one', () => command.stderr.includes('the code before goes on'))
    const before = command.stdout.length
    await until('another record', () => command.stdout.slice(before).includes('my B'))

    command.kill('SIGINT')
    command.kill('SIGINT')
    expect(await command.ended).toBe(0)
  },
  60_000,
)

test('a package that says how it is built is built first, at the start and on each save', async () => {
  const folder = writePlugin(join(scratch(), 'built'), 'filter', {
    'package.json': {
      name: 'built',
      version: '1.0.0',
      type: 'module',
      exports: './dist/index.js',
      scripts: { build: 'node build.js' },
      smartGateway: { api: 1, kind: 'filter' },
    },
    'build.js': `import { cpSync, readFileSync } from 'node:fs'
      if (readFileSync('src/index.js', 'utf8').includes('WRONG')) throw new Error('it is WRONG')
      cpSync('src', 'dist', { recursive: true })`,
    'index.js': undefined,
    'src/index.js': FILTER,
  })
  const command = startCommand(['dev', folder], scratch())
  await until('the first record', () => command.stdout.includes('first A'))
  writeFileSync(join(folder, 'src/index.js'), `${FILTER} // WRONG`)
  await until('what the build says', () => command.stderr.includes('it is WRONG'))
  writeFileSync(join(folder, 'src/index.js'), FILTER.replaceAll(' A', ' B'))
  await until('the record of what was built', () => command.stdout.includes('first B'))
  expect(readFileSync(join(folder, 'dist/index.js'), 'utf8')).toContain(' B')
}, 60_000)

test('an input is fed with the lines of a file', async () => {
  const folder = writePlugin(join(scratch(), 'words'), 'input', { 'index.js': INPUT })
  writeFileSync(join(folder, 'sample.txt'), 'one\n\ntwo\n')
  const command = startCommand(['dev', folder, '--sample', join(folder, 'sample.txt')], scratch())
  await until('both lines', () => /A one[^]*A two/.test(command.stdout))
})

test.each<[string, string, string[], number]>([
  ['that is no plugin', 'is not a plugin', ['none'], 1],
  ['whose options do not fit', 'config filters.dev.options.word', ['words', '--options', '{"word":5}'], 78],
  ['with options that are no object', 'It is a JSON object', ['words', '--options', '5'], 1],
])('a plugin %s is told in a sentence', async (_, sentence, args, status) => {
  const home = scratch()
  writePlugin(join(home, 'words'), 'filter', {
    'index.js': FILTER,
    'options.schema.json': { type: 'object', properties: { word: { type: 'string' } } },
  })
  writePlugin(join(home, 'none'), 'filter', { 'package.json': { name: 'none' } })
  const command = startCommand(['dev', ...args], home)
  expect(await command.ended).toBe(status)
  expect(command.stderr).toContain(sentence)
  expect(existsSync(join(home, 'words/state'))).toBe(false)
})
