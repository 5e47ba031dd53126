import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { Scrubber } from '../config/secrets.ts'
import { Levels } from '../levels.ts'
import { createLogger } from '../log.ts'
import { makeBench } from '../testing/bench.ts'

/** A gateway of a startup.yaml whose part `gateway` is edited. */
async function running() {
  const bench = await makeBench()
  bench.write({ gateway: { drain: '1s' } })
  const gateway = bench.gatewayOfFile()
  await gateway.start()
  const edit = async (settings: object, options = {}) => {
    bench.write({ gateway: settings })
    const change = gateway.reconciler.reload('api', options)
    await change.done
    return change.view()
  }
  return { bench, gateway, edit }
}

test('what of the gateway itself can be taken while it runs is taken; the rest is said to wait for a start', async () => {
  const { gateway, edit } = await running()
  const { outcome, settings } = await edit({
    drain: '2s',
    probation: '5m',
    name: 'other',
    plugins: { keep: 2, allow: ['@acme/*'] },
    deadLetters: { max: '1MiB' },
  })
  expect(outcome).toBe('succeeded')
  expect(settings.toSorted()).toEqual([
    'gateway.deadLetters.max changed: it is taken at the next start',
    'gateway.drain changed',
    'gateway.name changed: it is taken at the next start',
    'gateway.plugins.allow changed',
    'gateway.plugins.keep changed',
    'gateway.probation changed',
  ])
  expect(gateway.drainMs).toBe(2000)
})

test('what only a start takes changes nothing, and is said at each reload until then', async () => {
  const { edit } = await running()
  for (let i = 0; i < 2; i++)
    expect(await edit({ drain: '1s', maxSeries: 5 })).toMatchObject({
      outcome: 'unchanged',
      settings: ['gateway.maxSeries changed: it is taken at the next start'],
    })
})

test('another token is asked for from now on; it is not shown', async () => {
  const { gateway, edit } = await running()
  const token = 'a token of some length'
  const { settings } = await edit({ drain: '1s', admin: { port: 0, token } })
  expect(settings).toEqual(['gateway.admin.token changed'])
  const reload = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${gateway.adminUrl}/api/v1/reload`, { method: 'POST', headers })).status
  expect(await reload({})).toBe(401)
  expect(await reload({ authorization: `Bearer ${token}` })).toBe(202)
})

test('with --atomic the gateway takes nothing where an instance cannot', async () => {
  const { bench, gateway } = await running()
  bench.write({ gateway: { drain: '2s' }, outputs: { x: { plugin: './nowhere' } } })
  const change = gateway.reconciler.reload('api', { atomic: true })
  await change.done
  expect([change.outcome, gateway.drainMs]).toEqual(['refused', 1000])
})

test('another log level holds for every logger that was made before', async () => {
  const stream = new PassThrough()
  const levels = new Levels()
  const log = createLogger({
    level: 'info',
    name: 'x',
    scrubber: new Scrubber(),
    onChild: levels.take,
    stream,
  })
  const child = log.child({ component: 'a' }).child({ generation: 1 })
  child.debug('hidden')
  levels.set(log, 'debug')
  child.debug('shown')
  const [line] = (await once(stream, 'data')) as [Buffer]
  expect(JSON.parse(line.toString())).toMatchObject({ msg: 'shown', generation: 1 })
})
