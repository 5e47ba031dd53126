import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { smartGateway } from './command.ts'
import { until } from './peers/until.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'configuration-'))
})

afterEach(() => rm(folder, { recursive: true }))

test.each<[name: string, startup: string, mistakes: (string | RegExp)[]]>([
  [
    'an unknown plugin',
    'outputs:\n  page: { plugin: promethius }\n',
    [
      /^startup\.yaml:2:19 outputs\.page\.plugin: no plugin "promethius" is installed: looked for the package @smart-gateway\/output-promethius, .*; did you mean "prometheus"/,
    ],
  ],
  [
    'a plugin of another api',
    'inputs:\n  a:\n    plugin: ./future\n',
    [
      'startup.yaml:3:13 inputs.a.plugin: future speaks plugin api 2, this gateway speaks 1; install a version of it for api 1',
    ],
  ],
  [
    'a plugin of another kind',
    'inputs:\n  a: { plugin: "@smart-gateway/output-file" }\n',
    [
      'startup.yaml:2:16 inputs.a.plugin: @smart-gateway/output-file is a plugin of kind "output", needed here is "input"',
    ],
  ],
  [
    'a plugin whose options schema is itself invalid',
    'inputs:\n  a: { plugin: ./odd, options: { x: 1 } }\n',
    [
      /^startup\.yaml:2:32 inputs\.a\.options: cannot be checked: the options schema of odd is itself invalid \(.*\); tell the plugin's author$/,
    ],
  ],
  [
    'a name that stands twice in a section',
    'outputs:\n  x: { plugin: prometheus }\n  x: { plugin: prometheus }\n',
    ['startup.yaml:3:3 outputs.x: stands here twice; the first is in line 2'],
  ],
  [
    'a name that stands in two sections',
    'transports:\n  x: { plugin: http }\noutputs:\n  x: { plugin: prometheus }\n',
    [
      'startup.yaml:4:3 outputs.x: is already the name of an instance in transports; a name is unique over all kinds',
    ],
  ],
  [
    'an indentation by tabs',
    'outputs:\n\tpage: { plugin: prometheus }\n',
    [/^startup\.yaml:2:\d is not valid YAML: .*tab.*; indent with spaces$/],
  ],
  [
    'a variable that is not set',
    'transports:\n  bus: { plugin: amqp, options: { url: "amqp://guest:${NOT_SET_ANYWHERE}@127.0.0.1" } }\n',
    ['startup.yaml:2:40 transports.bus.options.url: the environment variable NOT_SET_ANYWHERE is not set'],
  ],
  [
    'several mistakes at once',
    `gateway: { drain: soon, nmae: edge }
transports:
  web: { plugin: http, options: { port: "80" } }
inputs:
  a: { plugin: collectd, from: { transport: wob, path: /a } }
  b: { plugin: collectd, from: { transport: web, path: a } }
  c: { plugin: ./future }
outputs:
  d: { plugin: file, options: {} }
  e:
    plugin: prometheus
    from: [elsewhere]
    options:
      port: \${NOT_SET_ANYWHERE}
`,
    [
      'startup.yaml:1:19 gateway.drain: must be a time such as 500ms, 20s, 5m or 1h, up to 24d',
      'startup.yaml:1:25 gateway.nmae: is not a known key; did you mean "name"?',
      'startup.yaml:3:41 transports.web.options.port: must be an integer, not a string',
      'startup.yaml:5:45 inputs.a.from.transport: there is no transport "wob"; did you mean "web"?',
      /^startup\.yaml:6:56 inputs\.b\.from\.path: is not what is wanted here: Path that producers POST to/,
      /^startup\.yaml:7:16 inputs\.c\.plugin: future speaks plugin api 2/,
      'startup.yaml:9:22 outputs.d.options: needs the key "path"',
      'startup.yaml:12:12 outputs.e.from.0: there is no input "elsewhere"',
      'startup.yaml:14:13 outputs.e.options.port: the environment variable NOT_SET_ANYWHERE is not set',
    ],
  ],
])('%s: exit status 78, and the place', async (_, startup, mistakes) => {
  await write({
    'startup.yaml': startup,
    'future/package.json': manifest('future', { api: 2 }),
    'odd/package.json': manifest('odd', { options: './options.schema.json' }),
    'odd/index.js': 'export default {}',
    'odd/options.schema.json': '{ "type": "objekt" }',
  })
  for (const command of ['run', 'check']) {
    const gateway = smartGateway([command], folder)
    expect(await gateway.exited).toEqual({ code: 78, signal: null })
    expect(gateway.stdout()).toBe('')
    const [heading, ...lines] = gateway.stderr().trimEnd().split('\n')
    expect(lines).toEqual(
      mistakes.map((mistake) =>
        typeof mistake === 'string'
          ? `  ${mistake}`
          : (expect.stringMatching(new RegExp(mistake.source.replace('^', '^ {2}'))) as string),
      ),
    )
    const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`
    expect(heading).toBe(`smart-gateway: the configuration has ${count}:`)
  }
})

test('a mistake that only the code of a plugin shows fails that instance, and nothing else', async () => {
  await write({
    'startup.yaml':
      'gateway: { admin: { port: 0 } }\noutputs:\n  liar: { plugin: ./liar }\n  file: { plugin: file, options: { path: ./out } }\n',
    'liar/package.json': manifest('liar', { kind: 'output' }),
    'liar/index.js': 'export default { api: 2, kind: "output" }',
  })
  const gateway = smartGateway(['run'], folder)
  try {
    const greeting = await until('the greeting', () => gateway.stdout())
    expect(greeting).toContain(
      'NOT READY output liar: liar is defined for plugin api 2, this gateway speaks 1\n',
    )
    expect(greeting).toContain(`output file: ${join(folder, 'out')}\n`)
    expect(gateway.stderr()).toContain('"code":"SG_DEFINITION_INVALID"')
  } finally {
    gateway.kill('SIGTERM')
    expect(await gateway.exited).toEqual({ code: 0, signal: null })
  }
})

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

function manifest(name: string, smartGatewayEntry: object): string {
  const entry = { api: 1, kind: 'input', ...smartGatewayEntry }
  return JSON.stringify({ name, type: 'module', exports: './index.js', smartGateway: entry })
}
