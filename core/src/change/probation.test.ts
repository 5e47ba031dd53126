import { expect, test } from 'vitest'
import { permanent, retryable } from '@smart-gateway/sdk'
import type { FilterSession, OutputSession } from '@smart-gateway/sdk'
import type { Gateway } from '../gateway.ts'
import { makeBench, viewOf } from '../testing/bench.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import type { Change } from './change.ts'
import { until } from '../testing/until.ts'

async function running(probation = '60s') {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const config = {
    gateway: { probation },
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      shelf: { plugin: bench.plugin('output', 'shelf', shelf.open), retry: { initial: '1ms', max: '5ms' } },
    },
  }
  bench.write(config)
  const gateway = bench.gatewayOfFile()
  await gateway.start()
  let sent = 0
  const fates: Promise<unknown>[] = []
  const feed = setInterval(
    () =>
      void (
        hand.intakes.has('numbers') && fates.push(hand.deliver('numbers', sent++).catch(() => undefined))
      ),
    10,
  )
  const end = async (): Promise<number> => {
    clearInterval(feed)
    await Promise.all(fates)
    return sent
  }
  return { bench, hand, shelf, config, gateway, end }
}

test('a filter that fails where the old one did not is replaced by the old one again', async () => {
  const { bench, shelf, config, gateway, end } = await running()
  const passing: FilterSession = { apply: (batch) => batch }
  const failing: FilterSession = {
    apply() {
      throw new Error('no luck')
    },
  }
  const filters = { sieve: { plugin: bench.plugin('filter', 'sieve', () => passing) } }
  const outputs = { shelf: { ...config.outputs.shelf, filters: ['sieve'] } }
  bench.write({ ...config, filters, outputs })
  await gateway.reconciler.reload('api').done
  await until('some is written', () => shelf.ids.length > 30)
  await gateway.swap(
    'sieve',
    bench.plugin('filter', 'sieve', () => failing, { version: '2.0.0' }),
  )
  const back = (await until('it came back', () => undone(gateway), 15_000)) as Change
  await back.done
  expect(viewOf(gateway, 'sieve')).toMatchObject({ version: '1.0.0', generation: 3 })
  expect(back.steps[0]!.step.why).toMatch(/^sieve: |attempts failed/)
  const sent = await end()
  const { delivered, rejected } = gateway.registry.outputs[0]!.queue.ledger.total
  expect([delivered + rejected, rejected > 0, gateway.registry.outputs[0]!.unaccounted]).toEqual([
    sent,
    true,
    0,
  ])
}, 40_000)

test('an output whose writes fail where the old one wrote is replaced by the old one again; nothing is lost', async () => {
  const { bench, shelf, gateway, end } = await running()
  await until('some is written', () => shelf.ids.length > 30)
  const failing: OutputSession = { write: () => Promise.reject(retryable('no luck')) }
  await gateway.swap(
    'shelf',
    bench.plugin('output', 'shelf', () => failing, { version: '2.0.0' }),
  )
  const back = (await until('it came back', () => undone(gateway), 15_000)) as Change
  await back.done
  expect(viewOf(gateway, 'shelf')).toMatchObject({ version: '1.0.0', generation: 3 })
  const swapped = gateway.changes.get('1')!.view()
  expect(swapped.rolledBack).toEqual({
    by: back.id,
    evidence: expect.stringMatching(/^shelf: 100 % of \d+ attempts failed, 0 % before$/) as string,
  })
  // What the configuration says runs: the swap was none of it.
  expect(await (await fetch(`${gateway.adminUrl}/health/ready`)).json()).not.toHaveProperty('refused')
  const sent = await end()
  expect(shelf.ids).toEqual(Array.from({ length: sent }, (_, i) => i))
  expect(bench.lines.some(({ msg }) => msg.startsWith('shelf is worse than before'))).toBe(true)
}, 40_000)

test('a decoder that refuses what the old one took, by its new options, is replaced by the old one with the old options; a restart has those', async () => {
  const { bench, shelf, gateway, config, end } = await running()
  await until('some is written', () => shelf.ids.length > 30)
  bench.plugin('input', 'numbers', ({ options }) => ({
    decode(message, out) {
      if ((options as { strict?: boolean }).strict === true) throw permanent('too strict')
      decoder()().decode?.(message, out)
    },
  }))
  const strict = { ...config.inputs.numbers, options: { strict: true } }
  bench.write({ ...config, inputs: { numbers: strict } })
  gateway.reconciler.reload('api')
  const back = (await until('it came back', () => undone(gateway), 15_000)) as Change
  await back.done
  expect(gateway.registry.inputs[0]!.instance.spec.options).toEqual({})
  await end()
  const ready = (await (await fetch(`${gateway.adminUrl}/health/ready`)).json()) as { refused?: string }
  expect(ready.refused).toContain('numbers')
  await gateway.stop()
  bench.write('broken: [')
  const second = bench.gatewayOfFile()
  await second.start()
  expect(second.registry.inputs[0]!.instance.spec.options).toEqual({})
}, 40_000)

test('a new generation that is no worse stays, and a newer change ends the probation of the one before', async () => {
  const { bench, shelf, gateway, end } = await running()
  await until('some is written', () => shelf.ids.length > 30)
  await gateway.swap('shelf', bench.plugin('output', 'shelf', shelf.open, { version: '2.0.0' }))
  await gateway.swap('numbers', bench.plugin('input', 'numbers', decoder(), { version: '2.0.0' }))
  const after = shelf.ids.length
  await until('more is written', () => shelf.ids.length > after + 150, 15_000)
  await end()
  expect(gateway.changes.list().map(({ trigger }) => trigger)).toEqual(['api', 'api'])
}, 40_000)

function undone(gateway: Gateway): Change | false {
  return gateway.changes.list().find(({ trigger }) => trigger === 'probation') ?? false
}
