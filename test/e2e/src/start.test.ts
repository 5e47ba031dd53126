import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand, smartGateway } from './command.ts'
import type { Command } from './command.ts'
import { ROOT } from './gateway-process.ts'
import { logLines } from './log-lines.ts'
import { readPage } from './page.ts'
import { freePorts } from './peers/ports.ts'
import { until } from './peers/until.ts'

const DEFAULT_PORTS = { admin: 8470, web: 8080, direct: 5673, page: 9103 }
const hasCurl = spawnSync('curl', ['--version']).status === 0

describe('the default startup.yaml, as a user starts it', () => {
  let folder: string
  let ports: typeof DEFAULT_PORTS
  let gateway: Command
  let page: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-'))
    const [admin, web, direct, pagePort] = (await freePorts(4)) as [number, number, number, number]
    ports = { admin, web, direct, page: pagePort }
    page = `http://127.0.0.1:${pagePort}/metrics`
    await writeFile(join(folder, 'startup.yaml'), defaultStartup(ports))
    gateway = smartGateway(['run', 'startup.yaml'], folder)
  })

  afterAll(async () => {
    await gateway?.end()
    await rm(folder, { recursive: true })
  })

  test('says within 5 s where it listens and where to look', async () => {
    const greeting = await until(
      'the greeting',
      () => gateway.stdout().endsWith('\n\n') && gateway.stdout(),
      5000,
    )
    expect(greeting).toContain(`send to collectd: http://127.0.0.1:${ports.web}/collectd\n`)
    expect(greeting).toContain(`send to collectd-direct: amqp://127.0.0.1:${ports.direct}/collectd/telemetry`)
    expect(greeting).toContain(`output prometheus: ${page}\n`)
    expect(greeting).toContain(`output notifications: ${join(folder, 'state/notifications.ndjson')}\n`)
    expect(greeting).toContain(`http://127.0.0.1:${ports.admin}/health/ready`)
    expect(greeting).not.toContain('NOT READY')
    expect((await fetch(`http://127.0.0.1:${ports.admin}/health/ready`)).status).toBe(200)
  })

  test.skipIf(!hasCurl)('prints one curl line, and that very line sends a sample', async () => {
    const lines = gateway
      .stdout()
      .split('\n')
      .filter((line) => line.trim().startsWith('curl '))
    expect(lines).toHaveLength(1)
    expect(execFileSync('sh', ['-c', lines[0]!], { encoding: 'utf8', stdio: 'pipe' })).toBe('accepted\n')
    const sample = 'collectd_cpu_percent{host="example",plugin_instance="0",type_instance="user"}'
    expect((await readPage(page)).get(sample)).toBe(42)
  })

  test('the recorded collectd moves: metrics on the page, notifications in the file', async () => {
    const uptime = 'collectd_uptime{host="compute-0.localdomain",plugin_instance="base",type_instance="base"}'
    const first = await until('a replayed metric', async () => (await readPage(page)).get(uptime))
    await until('its next value', async () => (await readPage(page)).get(uptime)! > first)
    const event = await until('a notification', () => firstEvent(folder))
    expect(event).toMatchObject({ signal: 'event', publisher: 'compute-0.localdomain' })
  })

  test('SIGTERM ends it with 0, and it says what it leaves behind', async () => {
    await expectStopped(gateway, 'SIGTERM')
    expect(gateway.stderr()).not.toMatch(/"level":"(warn|error|fatal)"/)
  })

  test('it starts a second time on what the first one left, and SIGINT ends it as well', async () => {
    const before = await readFile(join(folder, 'state/notifications.ndjson'), 'utf8')
    gateway = smartGateway(['run', 'startup.yaml'], folder)
    await until('the greeting', () => gateway.stdout().includes(`output prometheus: ${page}`), 5000)
    expect(gateway.stdout()).not.toContain('NOT READY')
    await expectStopped(gateway, 'SIGINT')
    const after = await readFile(join(folder, 'state/notifications.ndjson'), 'utf8')
    expect(after.startsWith(before)).toBe(true)
  })

  test('its commented blocks are good once they are uncommented', async () => {
    const blocks = ['bus', 'ceilometer', 'logs', 'bus-collectd', 'elasticsearch', 'loki', 'alertmanager']
    const uncommented = uncomment(defaultStartup(ports), ...blocks)
    await writeFile(join(folder, 'with-bus.yaml'), uncommented)
    const check = smartGateway(['check', 'with-bus.yaml'], folder, { AMQP_PASSWORD: 's3cret-words' })
    expect(await check.exited).toEqual({ code: 0, signal: null })
    expect(check.stdout()).toBe(
      'with-bus.yaml is good: transports web, direct, demo, bus; inputs collectd, collectd-direct, demo-collectd, ceilometer, logs, bus-collectd; outputs prometheus, elasticsearch, loki, alertmanager, notifications\n',
    )
  })
})

describe('npm start in the workspace', () => {
  test(
    'runs the gateway and hands SIGTERM on: nothing keeps listening',
    { timeout: 40_000 },
    async ({ skip }) => {
      for (const port of Object.values(DEFAULT_PORTS))
        skip(await listens(port), `port ${port}, which npm start needs, is taken on this machine`)
      const hadState = existsSync(join(ROOT, 'state'))
      const npm = runCommand('npm', ['start'], ROOT)
      try {
        await until('the greeting', () => npm.stdout().includes('/health/ready'), 15_000)
        expect(npm.stdout()).not.toContain('NOT READY')
        npm.kill('SIGTERM')
        for (const port of Object.values(DEFAULT_PORTS))
          await until(`port ${port} to be free`, async () => !(await listens(port)), 5000)
        await npm.exited
        expect(npm.stderr()).toContain('stopped, nothing left behind')
      } finally {
        await npm.end()
        if (!hadState) await rm(join(ROOT, 'state'), { recursive: true, force: true })
      }
    },
  )
})

/** The workspace's startup.yaml with other ports, for a folder that is not the workspace's. */
function defaultStartup(ports: typeof DEFAULT_PORTS): string {
  let text = readFileSync(join(ROOT, 'startup.yaml'), 'utf8').replaceAll('./plugins/', join(ROOT, 'plugins/'))
  for (const [name, port] of Object.entries(DEFAULT_PORTS)) {
    expect(text).toContain(`port: ${port} }`)
    text = text.replaceAll(String(port), String(ports[name as keyof typeof ports]))
  }
  return text
}

/** Takes the comment signs of whole blocks away, as a person would. */
function uncomment(text: string, ...names: readonly string[]): string {
  return names.reduce((before, name) => {
    const block = new RegExp(`^  # ${name}:.*(?:\\n  # .*)*`, 'm')
    expect(before).toMatch(block)
    return before.replace(block, (lines) => lines.replaceAll(/^  # /gm, '  '))
  }, text)
}

async function firstEvent(folder: string): Promise<unknown> {
  const text = await readFile(join(folder, 'state/notifications.ndjson'), 'utf8')
  return text.includes('\n') && (JSON.parse(text.split('\n')[0]!) as unknown)
}

async function expectStopped(gateway: Command, signal: NodeJS.Signals): Promise<void> {
  const began = performance.now()
  gateway.kill(signal)
  expect(await gateway.exited).toEqual({ code: 0, signal: null })
  expect(performance.now() - began).toBeLessThan(5000)
  expect(logLines(gateway.stderr()).at(-1)).toMatchObject({
    msg: 'stopped, nothing left behind',
    unsettled: 0,
  })
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
