import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { load, mistakesIn } from '../testing/startup.ts'
import { loadConfiguration } from './load.ts'
import { ConfigError } from './problem.ts'

const OPTIONS = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: { type: 'string', format: 'uri' },
    batch: { type: 'integer', default: 10 },
    password: { type: 'string', writeOnly: true, minLength: 8 },
  },
}
const SUBSCRIPTION = {
  type: 'object',
  additionalProperties: false,
  required: ['queue'],
  properties: { queue: { type: 'string' }, prefetch: { type: 'integer', default: 1000 } },
}

/** A folder with a plugin of each kind: ./bus, ./collectd, ./store. */
function project(): string {
  const folder = scratch()
  writePlugin(join(folder, 'bus'), 'transport', { 'subscription.schema.json': SUBSCRIPTION })
  writePlugin(join(folder, 'collectd'), 'input')
  writePlugin(join(folder, 'store'), 'output', { 'options.schema.json': OPTIONS })
  return folder
}

const GOOD = `
gateway: { name: edge-1, drain: 5s }
transports:
  bus: { plugin: ./bus }
inputs:
  collectd:
    plugin: ./collectd
    from: { transport: bus, queue: collectd }
outputs:
  store:
    plugin: ./store
    options: { url: "http://127.0.0.1:9200" }
  copy:
    plugin: ./store
    from: [collectd]
    required: false
    options: { url: "http://127.0.0.1:9201", password: hunter2hunter2 }
    queue: { max: 1MiB }
    retry: { initial: 100ms }
`

test('a good configuration comes with its defaults and without a mistake', () => {
  const folder = project()
  const { gateway, transports, inputs, outputs, secrets } = load(folder, GOOD)
  expect(gateway).toEqual({
    name: 'edge-1',
    stateFolder: join(folder, 'state'),
    probationMs: 60_000,
    plugins: { keep: 5, allow: undefined, pinned: undefined },
    logLevel: 'info',
    drainMs: 5000,
    maxSeries: 1_000_000,
    deadLetters: { maxBytes: 64 * 1024 * 1024, whenFull: 'dropOldest' },
    admin: { host: '127.0.0.1', port: 8470, token: undefined },
  })
  expect(transports).toMatchObject([{ name: 'bus', plugin: './bus', options: {} }])
  expect(inputs).toMatchObject([
    { name: 'collectd', from: { transport: 'bus', subscription: { queue: 'collectd', prefetch: 1000 } } },
  ])
  expect(outputs).toMatchObject([
    {
      name: 'store',
      from: undefined,
      required: true,
      options: { url: 'http://127.0.0.1:9200', batch: 10 },
      queue: { maxBytes: 64 * 1024 ** 2, whenFull: 'block' },
      retry: { initialMs: 1000, maxMs: 30_000 },
    },
    {
      name: 'copy',
      from: ['collectd'],
      required: false,
      queue: { maxBytes: 1024 ** 2, whenFull: 'dropOldest' },
      retry: { initialMs: 100, maxMs: 30_000 },
    },
  ])
  expect(secrets).toEqual(['hunter2hunter2'])
})

test('every mistake is told at once, in the order of the file, with its place and a suggestion', () => {
  const text = `
gateway: { nme: edge-1, logLevel: warnn, drain: 5 }
transports:
  bus: { plugin: ./bus, option: {} }
inputs:
  collectd:
    plugin: ./colectd
    from: { transport: bsu, queue: collectd }
  ceilometer:
    plugin: ./collectd
    from: { transport: bus, quueue: x, prefetch: many }
outputs:
  store:
    plugin: ./store
    requried: true
    from: [colectd]
    options: { url: nope, bach: 5 }
    queue: { max: 64 }
  bus:
    plugin: ./store
    required: false
    queue: { whenFull: block }
outptus: {}
`
  expect(mistakesIn(project(), text)).toEqual([
    'startup.yaml:2:12 gateway.nme: is not a known key; did you mean "name"?',
    'startup.yaml:2:35 gateway.logLevel: must be one of debug, info, warn, error; did you mean "warn"?',
    'startup.yaml:2:49 gateway.drain: must be a string, not a number',
    'startup.yaml:4:25 transports.bus.option: is not a known key; did you mean "options"?',
    expect.stringMatching(/^startup\.yaml:7:13 inputs\.collectd\.plugin: there is no folder .*\/colectd$/),
    'startup.yaml:8:24 inputs.collectd.from.transport: there is no transport "bsu"; did you mean "bus"?',
    'startup.yaml:11:5 inputs.ceilometer.from: needs the key "queue"',
    'startup.yaml:11:29 inputs.ceilometer.from.quueue: is not a known key; did you mean "queue"?',
    'startup.yaml:11:50 inputs.ceilometer.from.prefetch: must be an integer, not a string',
    'startup.yaml:15:5 outputs.store.requried: is not a known key; did you mean "required"?',
    'startup.yaml:16:12 outputs.store.from.0: there is no input "colectd"; did you mean "collectd"?',
    'startup.yaml:17:21 outputs.store.options.url: must be a URL',
    'startup.yaml:17:27 outputs.store.options.bach: is not a known key; did you mean "batch"?',
    'startup.yaml:18:19 outputs.store.queue.max: must be a string, not a number',
    'startup.yaml:19:3 outputs.bus: is already the name of an instance in transports; a name is unique over all kinds',
    'startup.yaml:19:3 outputs.bus.options: needs the key "url"',
    'startup.yaml:22:24 outputs.bus.queue.whenFull: cannot be block where required is false: an optional output never holds a source; choose dropOldest or dropNewest',
    'startup.yaml:23:1 outptus: is not a known key; did you mean "outputs"?',
  ])
})

test('a section of the wrong shape hides no mistake beside it', () => {
  const mistakes = mistakesIn(
    project(),
    'inputs: [collectd]\noutputs:\n  x: { plugin: ./store, from: [a], options: { url: 5 } }\n  y: 5\n',
  )
  expect(mistakes).toEqual([
    'startup.yaml:1:9 inputs: must be an object, not an array',
    'startup.yaml:3:52 outputs.x.options.url: must be a string, not a number',
    'startup.yaml:4:6 outputs.y: must be an object, not a number',
  ])
})

test('sections that are empty, or hold only comments, are fine; an unknown one is not', () => {
  expect(
    mistakesIn(project(), 'gateway:\ntransports:\n  # bus: { plugin: ./bus }\ninputs:\noutputs: {}\n'),
  ).toEqual([])
  expect(mistakesIn(project(), 'filter:\n')).toEqual([
    'startup.yaml:1:1 filter: is not a known key; did you mean "filters"?',
  ])
})

test('filters are instances that inputs and outputs name, in their order', () => {
  const folder = project()
  writePlugin(join(folder, 'sieve'), 'filter')
  const text = `
filters:
  a: { plugin: ./sieve }
  b: { plugin: ./sieve, isolation: inline }
inputs:
  collectd: { plugin: ./collectd, filters: [b, a] }
outputs:
  store: { plugin: ./store, options: { url: "a:b" } }
`
  const { filters, inputs, outputs } = load(folder, text)
  expect(filters.map(({ name, isolation }) => [name, isolation])).toEqual([
    ['a', 'inline'],
    ['b', 'inline'],
  ])
  expect([inputs[0]!.filters, outputs[0]!.filters]).toEqual([['b', 'a'], []])
  expect(
    mistakesIn(
      folder,
      text
        .replace('isolation: inline', 'isolation: worker')
        .replace('[b, a]', '[bb, a, a]')
        .replace('"a:b" } }', '"a:b" }, filters: { a: 1 } }'),
    ),
  ).toEqual([
    'startup.yaml:4:36 filters.b.isolation: cannot be worker: a filter runs inline, records do not wait for a thread on their way',
    expect.stringContaining('inputs.collectd.filters: '),
    'startup.yaml:6:45 inputs.collectd.filters.0: there is no filter "bb"; did you mean "b"?',
    expect.stringContaining('outputs.store.filters: must be an array, not an object'),
  ])
})

test('keys that JavaScript gives a meaning are nothing but keys', () => {
  const text =
    '__proto__: { a: 1 }\noutputs:\n  __proto__: { plugin: ./store }\n  constructor: { plugin: ./store, options: { url: "a:b", __proto__: { batch: 1 } } }\n'
  expect(mistakesIn(project(), text)).toEqual([
    'startup.yaml:1:1 __proto__: is not a known key; known are gateway, transports, filters, inputs, outputs',
    'startup.yaml:3:3 outputs.__proto__: must be a name of letters, digits, - and _ that begins with a letter and is not node_modules',
    'startup.yaml:3:3 outputs.__proto__.options: needs the key "url"',
    'startup.yaml:4:58 outputs.constructor.options.__proto__: is not a known key; known are url, batch, password',
  ])
  expect({}).not.toHaveProperty('a')
})

test('a plugin that is not one says so without any of its code being run', () => {
  const folder = project()
  const index = { 'index.js': "throw new Error('this code must not run')" }
  const manifest = (smartGateway: unknown) => ({
    'package.json': { name: 'odd', main: 'index.js', smartGateway },
    ...index,
  })
  writePlugin(join(folder, 'unmarked'), 'output', manifest(undefined))
  writePlugin(join(folder, 'newer'), 'output', manifest({ api: 2, kind: 'output' }))
  writePlugin(join(folder, 'kindless'), 'output', manifest({ api: 1 }))
  writePlugin(
    join(folder, 'schemaless'),
    'output',
    manifest({ api: 1, kind: 'output', options: './none.json' }),
  )
  writePlugin(join(folder, 'notjson'), 'output', { ...index, 'options.schema.json': 'no: json' })
  writePlugin(join(folder, 'list'), 'output', { ...index, 'options.schema.json': [] })
  writePlugin(join(folder, 'flawed'), 'output', { ...index, 'options.schema.json': { type: 'objct' } })
  writePlugin(join(folder, 'hollow'), 'output', {
    'package.json': { name: 'hollow', main: 'none.js', smartGateway: { api: 1, kind: 'output' } },
    'index.js': undefined,
  })
  writePlugin(join(folder, 'broken'), 'output', { 'package.json': '{' })
  mkdirSync(join(folder, 'empty'))
  writeFileSync(join(folder, 'file'), '')
  const names = [
    'unmarked',
    'newer',
    'kindless',
    'schemaless',
    'notjson',
    'list',
    'flawed',
    'hollow',
    'broken',
    'empty',
    'file',
  ]
  const text = `outputs:\n${names.map((name) => `  ${name}: { plugin: ./${name} }\n`).join('')}  wrong: { plugin: ./collectd }\n  none: { plugin: nowhere }\n`
  const mistakes = mistakesIn(folder, text).map((mistake) =>
    mistake.replace(/^\S+ outputs\./, '').replaceAll(`${folder}/`, ''),
  )
  expect(mistakes).toEqual([
    'unmarked.plugin: odd is not a plugin: its package.json has no "smartGateway" entry such as { "api": 1, "kind": "output" }',
    'newer.plugin: odd speaks plugin api 2, this gateway speaks 1; install a version of it for api 1',
    'kindless.plugin: odd is of no kind, needed here is "output"',
    'schemaless.plugin: schemaless/none.json cannot be read (ENOENT)',
    expect.stringMatching(/^notjson\.plugin: notjson\/options\.schema\.json is not JSON: /),
    'list.plugin: list/options.schema.json does not hold a JSON object',
    expect.stringMatching(
      /^flawed\.options: cannot be checked: the options schema of test-output is itself invalid \(.*\); tell the plugin's author$/,
    ),
    expect.stringMatching(/^hollow\.plugin: hollow has no module to import: /),
    expect.stringMatching(/^broken\.plugin: broken\/package\.json is not JSON: /),
    'empty.plugin: empty/package.json cannot be read (ENOENT)',
    "file.plugin: file is a file; name the folder that holds the plugin's package.json",
    'wrong.plugin: test-input is a plugin of kind "input", needed here is "output"',
    'none.plugin: no plugin "nowhere" is installed: looked for the package @smart-gateway/output-nowhere, smart-gateway-output-nowhere, nowhere; install it with npm beside startup.yaml, or give a path that begins with a dot',
  ])
})

test('a file that is not there, or is a folder, says what to do', () => {
  const folder = scratch()
  const file = join(folder, 'startup.yaml')
  expect(() => loadConfiguration({ file })).toThrow(
    `${file} cannot be read (ENOENT); give its path: smart-gateway run PATH`,
  )
  expect(() => loadConfiguration({ file: folder })).toThrow(`${folder} cannot be read (EISDIR)`)
})

test('an object is checked as a file is, without places', () => {
  const folder = project()
  const config = { outputs: { x: { plugin: './store', options: { url: 5 } } }, gatway: {} }
  expect(() => loadConfiguration({ config, folder })).toThrow(
    new ConfigError([
      { file: 'config', path: 'gatway', message: 'is not a known key; did you mean "gateway"?' },
      { file: 'config', path: 'outputs.x.options.url', message: 'must be a string, not a number' },
    ]),
  )
  expect(config).toEqual({ outputs: { x: { plugin: './store', options: { url: 5 } } }, gatway: {} })
})

test('an object of code or without end is a mistake', () => {
  const cycle: Record<string, unknown> = {}
  cycle['gateway'] = cycle
  expect(() => loadConfiguration({ config: cycle, folder: scratch() })).toThrow(ConfigError)
  const config = {
    gateway: { name: () => 'edge' },
    outputs: { x: { plugin: './store', options: { url: 'a:b', batch: 5n } } },
  }
  expect(() => loadConfiguration({ config, folder: project() })).toThrow(
    /gateway\.name: must be plain data, not a function\n.*options\.batch: must be plain data, not a bigint$/,
  )
})

test('no message shows a value that may be secret', () => {
  const text = `
gateway: { admin: { token: hunter2 }, maxSeries: hunter2 }
outputs:
  a: { plugin: ./store, options: { url: "hunter2", password: hunter2, batch: "\${SECRET}" } }
`
  const mistakes = mistakesIn(project(), text, { SECRET: 'hunter2' })
  expect(mistakes).toHaveLength(5)
  expect(mistakes.join('\n')).not.toContain('hunter2')
})
