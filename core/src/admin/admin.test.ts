import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Registry as Metrics } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { Standing } from '../change/standing.ts'
import { makeBench } from '../testing/bench.ts'
import type { Bench } from '../testing/bench.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'
import type { Gateway } from '../gateway.ts'
import { adminHandler } from './admin.ts'

/** A gateway with a failing instance of that need beside a good one. */
async function halfWell(bench: Bench, required: boolean): Promise<Gateway> {
  const failing = bench.plugin('output', 'failing', () => {
    throw new Error('no store')
  })
  const gateway = bench.gateway({
    outputs: {
      good: { plugin: bench.plugin('output', 'good', makeShelf().open) },
      failing: { plugin: failing, required },
    },
  })
  await gateway.start()
  return gateway
}

async function get(gateway: Gateway, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${gateway.adminUrl}${path}`, { headers: { connection: 'close' } })
  const text = await response.text()
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
}

test('readiness waits for every required instance and says which', async () => {
  const gateway = await halfWell(await makeBench(), true)
  expect(await get(gateway, '/health/live')).toEqual({ status: 200, body: { live: true } })
  const notReady = [{ name: 'failing', state: 'failed', reason: 'failing could not open: no store' }]
  expect(await get(gateway, '/health/ready')).toEqual({ status: 503, body: { ready: false, notReady } })
})

test('an optional output does not keep the gateway from being ready', async () => {
  const gateway = await halfWell(await makeBench(), false)
  expect(await get(gateway, '/health/ready')).toEqual({ status: 200, body: { ready: true, notReady: [] } })
})

test('an output whose store refuses connections for a while is degraded and ready', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  let up = false
  const shelf = makeShelf(async () => {
    if (!up) throw new Error('ECONNREFUSED')
  })
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      shelf: { plugin: bench.plugin('output', 'shelf', shelf.open), retry: { initial: '20ms', max: '50ms' } },
    },
  })
  await gateway.start()
  const delivered = hand.deliver('numbers', 1)
  const stateOf = () => gateway.registry.view().find(({ name }) => name === 'shelf')!
  await until('it has failed', () => stateOf().state === 'degraded')
  expect(stateOf().reason).toBe('writing fails: ECONNREFUSED')
  expect((await get(gateway, '/health/ready')).status).toBe(200)
  up = true
  await delivered
  expect(stateOf()).toMatchObject({ state: 'ready' })
  expect(stateOf()).not.toHaveProperty('reason')
})

test('a gateway that stops is not ready while it drains', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const write = Promise.withResolvers<void>()
  const gateway = bench.gateway({
    gateway: { drain: '5s' },
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', makeShelf(() => write.promise).open) } },
  })
  await gateway.start()
  void hand.deliver('numbers', 1)
  const stopped = gateway.stop()
  expect(await get(gateway, '/health/ready')).toMatchObject({
    status: 503,
    body: { ready: false, draining: true },
  })
  expect((await get(gateway, '/health/live')).status).toBe(200)
  write.resolve()
  await stopped
  await expect(get(gateway, '/health/live')).rejects.toThrow()
})

test('instances are shown with what an operator wants to know', async () => {
  const bench = await makeBench()
  const gateway = await halfWell(bench, true)
  const { status, body } = await get(gateway, '/api/v1/instances')
  expect(status).toBe(200)
  expect((body as { instances: unknown[] }).instances).toEqual([
    {
      name: 'good',
      kind: 'output',
      plugin: expect.stringContaining('output-good') as string,
      package: '@smart-gateway/test-output-good',
      version: '1.0.0',
      generation: 1,
      required: true,
      state: 'ready',
      sinceMs: expect.any(Number) as number,
      queue: { records: 0, bytes: 0, maxBytes: 64 * 1024 ** 2 },
    },
    expect.objectContaining({
      name: 'failing',
      state: 'failed',
      generation: 0,
      nextTryMs: expect.any(Number) as number,
    }),
  ])
})

test('F6: metrics account for every message and record, through a swap', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const plugin = bench.plugin('input', 'numbers', decoder())
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin, from: { transport: 'hand' } } },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', makeShelf().open) } },
  })
  await gateway.start()
  await hand.deliver('numbers', 1, 2, 3)
  await gateway.swap('numbers')
  await hand.deliver('numbers', 4)
  const text = String((await get(gateway, '/metrics')).body)
  const labels = (component: string, kind: string) => `{component="${component}",kind="${kind}",plugin=`
  for (const line of [
    `smart_gateway_component_received_records_total${labels('numbers', 'input')}`,
    `smart_gateway_component_sent_records_total${labels('shelf', 'output')}`,
  ])
    expect(text.split('\n').find((one) => one.startsWith(line))).toMatch(/ 4$/)
  expect(text).toContain('smart_gateway_input_messages_total{component="numbers",fate="received"} 2')
  expect(text).toContain('smart_gateway_input_messages_total{component="numbers",fate="settled"} 2')
  expect(text).toContain('smart_gateway_unaccounted_records{component="shelf"} 0')
  expect(text).toContain('smart_gateway_swaps_total{instance="numbers",outcome="succeeded"} 1')
  expect(text).toContain('smart_gateway_instance_generation{component="numbers"} 2')
  expect(text).toContain('smart_gateway_instance_state{component="shelf",state="ready"} 1')
  expect(text).toContain('process_cpu_user_seconds_total')
})

test('what is not there is answered 404, what changes nothing', async () => {
  const gateway = await halfWell(await makeBench(), true)
  for (const path of ['/', '/api', '/api/v1', '/api/v1/instances/good', '/metrics/', '/health'])
    expect((await get(gateway, path)).status).toBe(404)
  for (const method of ['POST', 'DELETE', 'PUT'])
    expect((await fetch(`${gateway.adminUrl}/api/v1/instances`, { method })).status).toBe(404)
})

test('the api is open to this machine; from another one it needs the token', async () => {
  const bench = await makeBench()
  const { registry, reconciler, changes } = bench.gateway({})
  const ask = async (remote: string | undefined, token?: string, authorization?: string): Promise<number> => {
    const handler = adminHandler({
      registry,
      reconciler,
      changes,
      standing: new Standing(),
      metrics: new Metrics(),
      token: () => token,
      draining: () => false,
      letters: async () => undefined,
      replay: async () => undefined,
    })
    const headers = authorization === undefined ? {} : { authorization }
    return (await handler(new Request('http://gateway/api/v1/instances', { headers }), remote)).status
  }
  const token = 'a token of some length'
  for (const local of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
    expect(await ask(local)).toBe(200)
  for (const remote of ['10.0.0.1', '::2', '::ffff:10.0.0.1', '1.127.0.0', undefined]) {
    expect(await ask(remote)).toBe(401)
    expect(await ask(remote, token)).toBe(401)
    expect(await ask(remote, token, 'Bearer ')).toBe(401)
    expect(await ask(remote, token, `Bearer ${token}x`)).toBe(401)
    expect(await ask(remote, undefined, 'Bearer undefined')).toBe(401)
    expect(await ask(remote, token, `Bearer ${token}`)).toBe(200)
  }
})

test('a port in use by another process is told in one line and holds nothing up', async () => {
  const bench = await makeBench()
  const blocker = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void blocker.close())
  await new Promise((resolve) => blocker.once('listening', resolve))
  const { port } = blocker.address() as AddressInfo
  const gateway = bench.gateway({
    gateway: { admin: { port } },
    outputs: { good: { plugin: bench.plugin('output', 'good', makeShelf().open) } },
  })
  await gateway.start()
  expect(gateway.adminUrl).toBeUndefined()
  expect(gateway.registry.view()).toMatchObject([{ name: 'good', state: 'ready' }])
  // Once for each try: where the rest takes its time to start, there may have been another.
  const [told, ...more] = bench.lines.filter(({ level }) => level === 'error')
  expect(told).toMatchObject({
    code: 'SG_PORT_IN_USE',
    hint: expect.stringContaining('Choose another port') as string,
  })
  expect(more.filter(({ code }) => code !== 'SG_PORT_IN_USE')).toEqual([])
  await new Promise((resolve) => blocker.close(resolve))
  await until('it is bound after all', () => gateway.adminUrl)
  expect((await get(gateway, '/health/ready')).status).toBe(200)
})
