import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { afterEach, expect, test } from 'vitest'
import { goodBody, goodSample } from './bad-bodies.ts'
import { smartGateway } from './command.ts'
import type { Command } from './command.ts'
import { startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { logLines } from './log-lines.ts'
import type { LogLine } from './log-lines.ts'
import { readPage } from './page.ts'
import { freePort, freePorts } from './peers/ports.ts'
import { startRabbitMq } from './peers/rabbitmq.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'

let gateway: GatewayProcess | undefined
const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await gateway?.remove()
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

test('the port of an output is taken: it says so, the rest is ready, and it recovers by itself', async () => {
  const [web, port] = (await freePorts(2)) as [number, number]
  const holder = await hold(port)
  cleanups.push(holder.release)
  gateway = await startGateway(`
transports:
  web: { plugin: http, options: { port: ${web} } }
inputs:
  collectd: { plugin: collectd, from: { transport: web, path: /collectd } }
outputs:
  prometheus: { plugin: prometheus, options: { port: ${port} } }
  events: { plugin: file, signals: [event], options: { path: ./events.ndjson } }
`)
  await until('the greeting', () => gateway!.stdout())
  const reason = `cannot listen on 127.0.0.1:${port}: the port is in use`
  expect(gateway.stdout()).toContain(`NOT READY output prometheus: ${reason}`)
  expectOneLinePerTry(errorLines(gateway), {
    component: 'prometheus',
    code: 'SG_PORT_IN_USE',
    msg: expect.stringContaining(reason) as string,
    hint: expect.stringContaining('Choose another port') as string,
  })
  expect(await states(gateway)).toEqual({
    web: 'ready',
    collectd: 'ready',
    prometheus: 'failed',
    events: 'ready',
  })
  const health = await fetch(`${gateway.adminUrl}/health/ready`)
  expect(health.status).toBe(503)
  expect(await health.json()).toMatchObject({
    ready: false,
    notReady: [{ name: 'prometheus', state: 'failed' }],
  })

  // What comes meanwhile waits for the output; it is not lost and not acknowledged.
  const waiting = fetch(`http://127.0.0.1:${web}/collectd`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: goodBody('early'),
  })
  const inFlight = 'smart_gateway_input_messages_in_flight{component="collectd"}'
  await until('the message to wait', async () => (await gateway!.metric(inFlight)) === 1)
  await holder.release()
  await gateway.ready()
  expect((await waiting).status).toBe(200)
  expect((await readPage(`http://127.0.0.1:${port}/metrics`)).get(goodSample('early'))).toBe(1)
})

test('the admin port is taken: it says so, the rest is ready, and it recovers by itself', async () => {
  const [admin, port] = (await freePorts(2)) as [number, number]
  const holder = await hold(admin)
  cleanups.push(holder.release)
  const folder = await mkdtemp(join(tmpdir(), 'start-'))
  await writeFile(
    join(folder, 'startup.yaml'),
    `gateway: { admin: { port: ${admin} } }\noutputs:\n  prometheus: { plugin: prometheus, options: { port: ${port} } }\n`,
  )
  const command = smartGateway(['run'], folder)
  cleanups.push(
    () => command.end(),
    () => rm(folder, { recursive: true }),
  )
  await until('the greeting', () => command.stdout())
  expect(command.stdout()).toContain(`output prometheus: http://127.0.0.1:${port}/metrics\n`)
  expect((await readPage(`http://127.0.0.1:${port}/metrics`)).size).toBe(0)
  expectOneLinePerTry(errorLines(command), {
    code: 'SG_PORT_IN_USE',
    msg: expect.stringContaining(
      `the admin listener failed: cannot listen on 127.0.0.1:${admin}: the port is in use`,
    ) as string,
    hint: expect.stringContaining('Choose another port') as string,
  })
  await holder.release()
  await until('the admin listener', () =>
    fetch(`http://127.0.0.1:${admin}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
})

test('the broker is away: one line for each try, no password in it, and the rest is ready', async () => {
  const port = await freePort()
  gateway = await startGateway(`
transports:
  bus: { plugin: amqp, options: { url: "amqp://jane:s3cret-words@127.0.0.1:${port}" } }
inputs:
  collectd: { plugin: collectd, from: { transport: bus, queue: collectd } }
outputs:
  events: { plugin: file, options: { path: ./events.ndjson } }
`)
  const lines = await until(
    'three tries',
    () => errorLines(gateway!).length >= 3 && errorLines(gateway!),
    15_000,
  )
  expectOneLinePerTry(lines, {
    component: 'bus',
    code: 'SG_OPEN_FAILED',
    msg: expect.stringContaining(
      `Cannot connect to amqp://127.0.0.1:${port}/: connect ECONNREFUSED 127.0.0.1:${port}. Is the broker running`,
    ) as string,
    hint: expect.stringContaining('tries again by itself') as string,
  })
  expect(await states(gateway)).toEqual({ bus: 'failed', collectd: 'starting', events: 'ready' })
  expect(gateway.stdout()).toContain('NOT READY transport bus: ')
  expect(gateway.stdout() + gateway.stderr()).not.toContain('s3cret-words')
})

test('a plugin throws while it opens: its own words, and the rest is ready', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plugin-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'broken'))
  await writeFile(
    join(folder, 'broken/package.json'),
    '{ "name": "broken", "type": "module", "exports": "./index.js", "smartGateway": { "api": 1, "kind": "output" } }',
  )
  await writeFile(
    join(folder, 'broken/index.js'),
    `export default { api: 1, kind: 'output', name: 'broken', signals: ['metric'], options: {},
  open() { throw new Error('the disk is on fire') } }`,
  )
  gateway = await startGateway(`
outputs:
  broken: { plugin: ${join(folder, 'broken')} }
  events: { plugin: file, options: { path: ./events.ndjson } }
`)
  await until('the greeting', () => gateway!.stdout())
  expect(gateway.stdout()).toContain('NOT READY output broken: broken could not open: the disk is on fire\n')
  expectOneLinePerTry(errorLines(gateway), {
    component: 'broken',
    code: 'SG_OPEN_FAILED',
    msg: 'output broken failed: broken could not open: the disk is on fire',
  })
  expect(await states(gateway)).toEqual({ broken: 'failed', events: 'ready' })
  gateway.kill('SIGTERM')
  expect(await gateway.exited).toEqual({ code: 0, signal: null })
})

describeWith(['rabbitmq'], 'and a broker that comes later', () => {
  test('the gateway finds it by itself', { timeout: 120_000 }, async () => {
    const broker = await startRabbitMq()
    cleanups.push(() => broker.stop())
    const connection = await connect(broker.url)
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('collectd', { durable: true })
    channel.sendToQueue('collectd', Buffer.from(goodBody('kept')), { persistent: true })
    await channel.waitForConfirms()
    await connection.close()
    await broker.halt()

    gateway = await startGateway(`
transports:
  bus: { plugin: amqp, options: { url: "${broker.url}" } }
inputs:
  collectd: { plugin: collectd, from: { transport: bus, queue: collectd } }
outputs:
  events: { plugin: file, options: { path: ./events.ndjson } }
`)
    await until('the first try to fail', () => errorLines(gateway!).length > 0)
    await broker.restart()
    await gateway.ready()
    const file = join(gateway.folder, 'events.ndjson')
    await until('what the broker had kept', async () => (await readFile(file, 'utf8')).includes('"kept"'))
  })
})

/** Every error line is of this shape, and none comes before the time that the one before it promised. */
function expectOneLinePerTry(lines: readonly LogLine[], shape: Partial<LogLine>): void {
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) expect(line).toMatchObject({ ...shape, retryInMs: expect.any(Number) as number })
  for (const [index, { time, retryInMs }] of lines.slice(0, -1).entries()) {
    const waited = Date.parse(lines[index + 1]!.time) - Date.parse(time)
    expect(waited).toBeGreaterThanOrEqual(retryInMs! - 5)
  }
}

function errorLines({ stderr }: Pick<Command, 'stderr'>): LogLine[] {
  return logLines(stderr()).filter(({ level }) => level === 'error')
}

async function states({ adminUrl }: GatewayProcess): Promise<Record<string, string>> {
  const answer = await fetch(`${adminUrl}/api/v1/instances`)
  const { instances } = (await answer.json()) as { instances: { name: string; state: string }[] }
  return Object.fromEntries(instances.map(({ name, state }) => [name, state]))
}

/** Another program on a port. */
async function hold(port: number): Promise<{ release(): Promise<void> }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}
