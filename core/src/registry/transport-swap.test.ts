import { expect, test } from 'vitest'
import type { Intake, TransportSession } from '@smart-gateway/sdk'
import { reasonOf } from '../errors.ts'
import { makeBench, viewOf } from '../testing/bench.ts'
import { decoder, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'

/** A gateway with the inputs `a` and `b` on one transport whose sessions write down what is done with them, by generation. */
async function running({ redelivers = true, write = async () => {} } = {}) {
  const bench = await makeBench()
  const shelf = makeShelf(write)
  const log: string[] = []
  const intakes = new Map<string, Intake>()
  const session = (generation: string): TransportSession => ({
    subscribe: (_, intake, { input }) => ({
      start() {
        log.push(`${generation} starts ${input}`)
        intakes.set(`${generation} ${input}`, intake)
      },
      async stop() {
        log.push(`${generation} stops ${input}`)
      },
    }),
    stop: () => void log.push(`${generation} ends`),
  })
  const version = (name: string, open: () => TransportSession = () => session(name)): string =>
    bench.plugin('transport', 'bus', open, { version: `${name}.0.0`, redelivers })
  const plugin = bench.plugin('input', 'numbers', decoder())
  const gateway = bench.gateway({
    transports: { bus: { plugin: version('1') } },
    inputs: {
      a: { plugin, from: { transport: 'bus' } },
      b: { plugin, from: { transport: 'bus' } },
    },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) } },
  })
  await gateway.start()
  const deliver = (place: string, number: number): Promise<void> =>
    intakes.get(place)!.deliver({ body: Buffer.from(JSON.stringify([number])) })
  const lose = (place: string): void => intakes.get(place)!.fail(new Error('the consumer was cancelled'))
  return { gateway, shelf, log, session, version, deliver, lose }
}

test('where the peer sends again, the old subscriptions stop before the new ones start, and the old session ends when all that it brought is settled', async () => {
  const write = Promise.withResolvers<void>()
  const { gateway, log, version, deliver, shelf } = await running({ write: () => write.promise })
  log.length = 0
  const fate = deliver('1 a', 1)
  const swapped = gateway.swap('bus', version('2'))
  await until('the new subscriptions', () => log.includes('2 starts a') && log.includes('2 starts b'))
  const second = deliver('2 a', 2)
  expect(log).not.toContain('1 ends')
  write.resolve()
  await Promise.all([fate, second, swapped])
  for (const input of ['a', 'b'])
    expect(log.filter((one) => one.endsWith(input))).toEqual([`1 stops ${input}`, `2 starts ${input}`])
  expect(log.at(-1)).toBe('1 ends')
  expect(shelf.ids).toEqual([1, 2])
  expect(gateway.registry.inputs[0]!.intake.counts).toMatchObject({ received: 2, settled: 2, returned: 0 })
})

test('where nobody sends again, the new subscriptions are there before the old ones stop', async () => {
  const { gateway, log, version } = await running({ redelivers: false })
  log.length = 0
  await gateway.swap('bus', version('2'))
  expect(log.slice(0, 2).toSorted()).toEqual(['2 starts a', '2 starts b'])
  expect(log.slice(2, 4).toSorted()).toEqual(['1 stops a', '1 stops b'])
  expect(log.slice(4)).toEqual(['1 ends'])
})

test('what the new session refuses is known before the old subscriptions are touched', async () => {
  const { gateway, log, version, session, deliver } = await running()
  log.length = 0
  const refusing = version('2', () => ({
    ...session('2'),
    subscribe(options, intake, context) {
      if (context.input === 'b') throw new Error('no queue "b"')
      return session('2').subscribe(options, intake, context)
    },
  }))
  const error: unknown = await gateway.swap('bus', refusing).catch((thrown: unknown) => thrown)
  expect(reasonOf(error)).toContain('bus was not swapped, generation 1 goes on: no queue "b"')
  expect(log).toEqual(['2 ends'])
  await deliver('1 a', 1)
  await deliver('1 b', 2)
})

test.each([true, false])(
  'when the new session cannot start for one input, all go on with the old one (redelivers: %s)',
  async (redelivers) => {
    const { gateway, version, session, deliver, shelf, log } = await running({ redelivers })
    log.length = 0
    const failing = version('2', () => ({
      ...session('2'),
      subscribe(options, intake, context) {
        if (context.input === 'a') return session('2').subscribe(options, intake, context)
        return {
          start() {
            throw new Error('the queue is locked')
          },
          async stop() {},
        }
      },
    }))
    const error: unknown = await gateway.swap('bus', failing).catch((thrown: unknown) => thrown)
    expect(reasonOf(error)).toContain('bus was not swapped, generation 1 goes on: the queue is locked')
    expect(log.filter((one) => one.startsWith('1 starts')).length).toBe(redelivers ? 2 : 0)
    expect([viewOf(gateway, 'a').state, viewOf(gateway, 'b').state]).toEqual(['ready', 'ready'])
    await deliver('1 a', 1)
    await deliver('1 b', 2)
    expect(shelf.ids).toEqual([1, 2])
  },
)

test('what the old session brought and is not settled after the grace is given back with it: its peer sends it again', async () => {
  const writes: (() => void)[] = []
  const { gateway, version, deliver, shelf } = await running({
    write: () => new Promise((resolve) => void writes.push(resolve)),
  })
  void deliver('1 a', 1).catch(() => undefined)
  await until('the first write', () => writes.length === 1)
  const waiting = deliver('1 a', 2).then(
    () => 'settled',
    ({ message }: Error) => message,
  )
  await gateway.swap('bus', version('2'))
  expect(await waiting).toBe('the subscription of a ended before the message was taken')
  const again = deliver('2 a', 2)
  writes[0]!()
  await until('the second write', () => writes.length === 2)
  writes[1]!()
  await again
  expect(shelf.ids).toEqual([1, 2])
})

test('an input whose subscription is lost is subscribed on the next session at once', async () => {
  const { gateway, version, deliver, lose } = await running()
  lose('1 a')
  await until('it is lost', () => viewOf(gateway, 'a').state === 'failed')
  await gateway.swap('bus', version('2'))
  await deliver('2 a', 1)
  await deliver('2 b', 2)
  expect(viewOf(gateway, 'a').state).toBe('ready')
})
