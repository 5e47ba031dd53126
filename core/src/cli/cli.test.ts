import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, onTestFinished, test } from 'vitest'
import { startCommand } from '../testing/command.ts'
import type { Command } from '../testing/command.ts'
import { writePlugin } from '../testing/plugin-folder.ts'
import { FILE, LINES, WEB } from '../testing/plugin-texts.ts'
import { scratch } from '../testing/scratch.ts'
import { until } from '../testing/until.ts'

const GOOD = `
gateway: { name: edge-1, drain: 5s, admin: { port: 0 } }
transports:
  web: { plugin: ./web }
inputs:
  lines: { plugin: ./lines, from: { transport: web } }
outputs:
  file: { plugin: ./file }
`

/** A folder with the plugins ./web, ./lines and ./file, and this startup.yaml. */
function project(startup: string): string {
  const folder = scratch()
  writePlugin(join(folder, 'web'), 'transport', { 'index.js': WEB })
  writePlugin(join(folder, 'lines'), 'input', { 'index.js': LINES })
  writePlugin(join(folder, 'file'), 'output', { 'index.js': FILE })
  writeFileSync(join(folder, 'startup.yaml'), startup)
  return folder
}

function greeted(command: Command): Promise<unknown> {
  return until('the greeting', () => command.stdout.includes('\n\n') && command.stdout.endsWith('\n\n'))
}

/** The log as objects: every whole line of it must be one. */
function linesOf({ stderr }: Command): { level: string; msg: string; [key: string]: unknown }[] {
  return stderr
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { level: string; msg: string })
}

function messageOf(err: unknown): string | undefined {
  return (err as Error | undefined)?.message
}

/** Where the input is reached, as the greeting says. */
function addressIn({ stdout }: Command): string {
  return /send to lines: (\S+)/.exec(stdout)![1]!
}

function post(url: string, body: string): Promise<number> {
  return fetch(url, { method: 'POST', body }).then(({ status }) => status)
}

test('run: a SIGTERM while it still begins ends it with 0, whenever it comes', async () => {
  const folder = project(GOOD)
  // Node itself has begun by then; the gateway has not, or is about to open its instances.
  for (const delayMs of [700, 900, 1200]) {
    const command = startCommand(['run'], folder)
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    command.kill('SIGTERM')
    expect(await command.ended, `after ${delayMs} ms`).toBe(0)
    expect(command.stdout).not.toContain('stopped')
  }
}, 60_000)

test('run: it greets on standard output, logs JSON on standard error, carries records, and a SIGTERM ends it with 0', async () => {
  const folder = project(GOOD)
  const command = startCommand(['run'], folder)
  await greeted(command)
  expect(command.stdout).toContain('smart-gateway runs startup.yaml; Ctrl-C stops it')
  expect(command.stdout).toContain(`curl -H 'content-type: text/plain' --data 'hello' ${addressIn(command)}`)
  expect(await post(addressIn(command), 'one\ntwo')).toBe(204)
  expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toBe('one\ntwo\n')
  command.kill('SIGTERM')
  expect(await command.ended).toBe(0)
  const lines = linesOf(command)
  expect(
    lines.every(
      ({ name, time, level }) =>
        name === 'edge-1' && !Number.isNaN(Date.parse(String(time))) && level === 'info',
    ),
  ).toBe(true)
  expect(lines.map(({ msg }) => msg)).toEqual(
    expect.arrayContaining(['file is ready', 'SIGTERM: stopping', 'stopped, nothing left behind']),
  )
})

test('run: a message under way is written and acknowledged before the process ends', async () => {
  const folder = project(GOOD.replace('./file }', './file, options: { waitMs: 500 } }'))
  const command = startCommand(['run'], folder)
  await greeted(command)
  const posted = post(addressIn(command), 'late')
  await until('it is under way', async () => {
    const text = await (await fetch(`${/itself: (\S+)\/health/.exec(command.stdout)![1]}/metrics`)).text()
    return text.includes('smart_gateway_input_messages_in_flight{component="lines"} 1')
  })
  command.kill('SIGINT')
  expect(await posted).toBe(204)
  expect(await command.ended).toBe(0)
  expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toBe('late\n')
})

test('run: a second signal leaves at once', async () => {
  const command = startCommand(
    ['run'],
    project(GOOD.replace('./file }', './file, options: { waitMs: 60000 } }')),
  )
  await greeted(command)
  void post(addressIn(command), 'never').catch(() => undefined)
  await until('it is under way', async () => {
    const text = await (await fetch(`${/itself: (\S+)\/health/.exec(command.stdout)![1]}/metrics`)).text()
    return text.includes('smart_gateway_input_messages_in_flight{component="lines"} 1')
  })
  command.kill('SIGTERM')
  await until('it stops', () => command.stderr.includes('SIGTERM: stopping'))
  // As npm does with Ctrl-C: the same wish once more, which changes nothing.
  command.kill('SIGTERM')
  await new Promise((resolve) => setTimeout(resolve, 1200))
  expect(command.stderr).not.toContain('leaving at once')
  command.kill('SIGTERM')
  expect(await command.ended).toBe(1)
  expect(linesOf(command).at(-1)).toMatchObject({ level: 'warn', msg: 'second SIGTERM: leaving at once' })
})

test('run: what is not there, throws or is taken gives one line each with what to do, and the rest goes on', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void blocker.close())
  await new Promise((resolve) => blocker.once('listening', resolve))
  const { port } = blocker.address() as AddressInfo
  const folder = project(
    GOOD.replace('transports:', `transports:\n  taken: { plugin: ./web, options: { port: ${port} } }`)
      .replace('inputs:', 'inputs:\n  unfed: { plugin: ./lines, from: { transport: taken } }')
      .replace('outputs:', 'outputs:\n  faulty: { plugin: ./faulty, required: false }'),
  )
  const faulty = `import { connect } from 'node:net'
export default { api: 1, kind: 'output', name: 'faulty', signals: ['log'], options: { type: 'object' },
  open: () => new Promise((_, reject) => connect(1, 'localhost').on('error', reject)) }`
  writePlugin(join(folder, 'faulty'), 'output', { 'index.js': faulty })
  const command = startCommand(['run'], folder)
  await greeted(command)
  expect(command.stdout).toMatch(/NOT READY output faulty: faulty could not open: .*ECONNREFUSED/)
  expect(command.stdout).toMatch(/NOT READY input unfed: .*the port is in use/)
  expect(await post(addressIn(command), 'one')).toBe(204)
  const errors = linesOf(command).filter(({ level }) => level === 'error')
  for (const component of ['faulty', 'unfed']) {
    const first = errors.find((line) => line['component'] === component)!
    expect(first).toMatchObject({
      hint: expect.any(String) as string,
      retryInMs: expect.any(Number) as number,
    })
    expect(first).not.toHaveProperty('err')
  }
  command.kill('SIGTERM')
  expect(await command.ended).toBe(0)
})

test('run and check: a bad configuration prints every mistake and exits 78, without running any plugin', async () => {
  const folder = project(
    GOOD.replace('drain: 5s', 'drian: 5s').replace('./file }', './file, queue: { max: 5 } }'),
  )
  for (const plugin of ['web', 'lines', 'file'])
    writeFileSync(
      join(folder, plugin, 'index.js'),
      `import { writeFileSync } from 'node:fs'\nwriteFileSync('ran', '')`,
    )
  for (const name of ['run', 'check', 'schema']) {
    const command = startCommand([name], folder)
    expect(await command.ended).toBe(78)
    expect(command.stdout).toBe('')
    expect(command.stderr).toBe(
      [
        'smart-gateway: the configuration has 2 mistakes:',
        '  startup.yaml:2:26 gateway.drian: is not a known key; did you mean "drain"?',
        '  startup.yaml:8:41 outputs.file.queue.max: must be a string, not a number',
        '',
      ].join('\n'),
    )
  }
  expect(existsSync(join(folder, 'ran'))).toBe(false)
})

test('check: a good configuration says what it would run', async () => {
  const command = startCommand(['check', 'startup.yaml'], project(GOOD))
  expect(await command.ended).toBe(0)
  expect(command.stdout).toBe('startup.yaml is good: transports web; inputs lines; outputs file\n')
})

test('a file that is not there exits 78 and says how to name one', async () => {
  const command = startCommand(['run'], scratch())
  expect(await command.ended).toBe(78)
  expect(command.stderr).toContain(
    'startup.yaml cannot be read (ENOENT); give its path: smart-gateway run PATH',
  )
})

test('schema: it prints a JSON Schema that compiles and accepts the configuration', async () => {
  const command = startCommand(['schema'], project(GOOD))
  expect(await command.ended).toBe(0)
  const validate = new Ajv({ strict: false, logger: false }).compile(JSON.parse(command.stdout) as object)
  expect(validate({ inputs: { lines: { plugin: './lines', from: { transport: 'web' } } } })).toBe(true)
  expect(validate({ inputs: { lines: { plugin: 5 } } })).toBe(false)
})

test('a reader that has seen enough ends no command with a fault', async () => {
  const folder = project(GOOD)
  const command = startCommand(['schema'], folder)
  command.hangUp()
  expect([await command.ended, command.stderr]).toEqual([0, ''])
})

test('no secret leaves the process, also one that only the code of a plugin knows for one', async () => {
  const options = 'options: { url: "http://me:${PASSWORD}@127.0.0.1/" }'
  const startup = GOOD.replace('./file }', `./file, ${options} }`).replace(
    'port: 0',
    'port: 0, token: "${TOKEN}"',
  )
  const environment = { PASSWORD: 'hunter2"\\hunter2', TOKEN: 'token-token-token-token' }
  const command = startCommand(['run'], project(startup), environment)
  await greeted(command)
  command.kill('SIGTERM')
  expect(await command.ended).toBe(0)
  expect(linesOf(command).find(({ msg }) => msg === 'writes to out.txt')).toMatchObject({
    options: { url: '[secret]' },
  })
  for (const secret of ['hunter2', 'token-token'])
    expect(command.stdout + command.stderr).not.toContain(secret)
})

test('a promise that a plugin forgets is told and the gateway goes on; an exception that it forgets ends it with 70', async () => {
  const folder = project(GOOD.replace('./file }', './file, isolation: inline }'))
  const forgetful = `process.on('SIGUSR2', () => { throw new Error('thrown and forgotten') })
void Promise.reject(new Error('rejected and forgotten'))
${FILE}`
  writeFileSync(join(folder, 'file/index.js'), forgetful)
  const command = startCommand(['run', '--quiet'], folder)
  await until(
    'it runs',
    () => command.stderr.includes('lines is ready') && command.stderr.includes('file is ready'),
  )
  await until('it has told', () =>
    linesOf(command).some(({ err }) => messageOf(err) === 'rejected and forgotten'),
  )
  expect(command.stdout).toBe('')
  command.kill('SIGUSR2')
  expect(await command.ended).toBe(70)
  expect(linesOf(command).at(-1)).toMatchObject({ level: 'fatal', err: { message: 'thrown and forgotten' } })
})

test('a signal while it starts ends it with 0 too', async () => {
  const folder = project(GOOD)
  writeFileSync(join(folder, 'file/index.js'), 'await new Promise(() => {})')
  const command = startCommand(['run'], folder)
  await until('it starts', () => command.stderr.includes('lines is ready'))
  command.kill('SIGTERM')
  expect(await command.ended).toBe(0)
})

test('what a checkout imports from below node_modules is what was built of it: Node strips no types there', async () => {
  const folder = project(GOOD)
  writePlugin(join(folder, 'node_modules/@smart-gateway/shared'), 'output', {
    'package.json': {
      name: '@smart-gateway/shared',
      type: 'module',
      exports: { '.': { '@smart-gateway/source': './src.ts', default: './built.js' } },
    },
    'src.ts': "export const from = 'source' as string",
    'built.js': "export const from = 'built'",
    // The command's own modules are loaded by then, and so is what it does to the loading of modules.
    '../../late.js': "process.once('exit', () => console.log(require('@smart-gateway/shared').from))",
  })
  const command = startCommand(['check', 'startup.yaml'], folder, {
    NODE_OPTIONS: '--require ./node_modules/late.js',
  })
  expect(await command.ended, command.stderr).toBe(0)
  expect(command.stdout).toContain('\nbuilt\n')
})
