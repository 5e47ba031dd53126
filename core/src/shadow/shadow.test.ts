import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { InputSession, OutputSession } from '@smart-gateway/sdk'
import type { ChangeView } from '../change/change.ts'
import { makeBench, viewOf } from '../testing/bench.ts'
import type { Bench } from '../testing/bench.ts'
import { writePlugin } from '../testing/plugin-folder.ts'
import { SERIES } from '../testing/records.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'

const SHADOW_MS = 300

/** A gateway under a stream of messages; `try` swaps with a shadow and tells what came of it. */
async function running(pluginOf = (bench: Bench): string => bench.plugin('input', 'numbers', decoder())) {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: {
      numbers: { plugin: pluginOf(bench), from: { transport: 'hand' } },
    },
    outputs: {
      shelf: {
        plugin: bench.plugin('output', 'shelf', () => ({ ...shelf.open(), rehearse: () => undefined })),
      },
    },
  })
  await gateway.start()
  let sent = 0
  const fates: Promise<unknown>[] = []
  const attempt = async (name: string, path: string, numbers = true): Promise<ChangeView> => {
    const timer = setInterval(() => numbers && fates.push(hand.deliver('numbers', sent++, sent++)), 5)
    const change = gateway.reconciler.swap(name, { kind: 'folder', path }, { shadowMs: SHADOW_MS })
    await change.done
    clearInterval(timer)
    await Promise.all(fates)
    return change.view()
  }
  return { bench, gateway, shelf, attempt, sent: () => sent }
}

test('an input that decodes alike takes over after its shadow, and says how much was compared', async () => {
  const { bench, gateway, attempt, shelf, sent } = await running()
  const { outcome, what, steps } = await attempt(
    'numbers',
    bench.plugin('input', 'numbers', decoder(), { version: '2.0.0' }),
  )
  expect([outcome, what]).toEqual(['succeeded', expect.stringContaining(', in shadow for 0.3 s first')])
  expect(steps[0]!.note).toMatch(/^in shadow for 0.3 s: \d+ messages were tried, all came out alike$/)
  expect(viewOf(gateway, 'numbers').version).toBe('2.0.0')
  // What the shadow made went nowhere.
  expect(shelf.ids).toEqual(Array.from({ length: sent() }, (_, i) => i))
})

test.each<[string, () => InputSession, RegExp]>([
  ['another value', decoder(1), /a message from its source gave another value/],
  [
    'a record less',
    () => ({
      decode({ body }, out) {
        const [first] = JSON.parse(body.toString()) as number[]
        out.sample(SERIES, first!, 0)
      },
    }),
    /gave 1 records, which had given 2/,
  ],
  [
    'nothing, for it throws',
    () => ({
      decode() {
        throw new Error('not for me')
      },
    }),
    /was refused: not for me/,
  ],
])('an input that yields %s does not take over: the differences are told', async (_, open, told) => {
  const { bench, gateway, attempt } = await running()
  const { outcome, steps } = await attempt(
    'numbers',
    bench.plugin('input', 'numbers', open, { version: '2.0.0' }),
  )
  expect(outcome).toBe('refused')
  expect(steps[0]!.note).toMatch(/in shadow for 0.3 s: (\d+) messages were tried, \1 came out otherwise: /)
  expect(steps[0]!.note).toMatch(told)
  expect(viewOf(gateway, 'numbers')).toMatchObject({ generation: 1, state: 'ready' })
})

test('a shadow that saw nothing proves nothing', async () => {
  const { bench, attempt } = await running()
  const { outcome, steps } = await attempt('numbers', bench.plugin('input', 'numbers', decoder()), false)
  expect([outcome, steps[0]!.note]).toEqual([
    'refused',
    'in shadow for 0.3 s: no messages came, so nothing was compared',
  ])
})

test.each<[string, OutputSession['rehearse'], string, RegExp]>([
  ['takes all', () => undefined, 'succeeded', /\d+ records were tried, all came out alike/],
  [
    'would refuse some',
    () => ({ rejected: [{ index: 0, error: Object.assign(new Error('too long'), { retryable: false }) }] }),
    'refused',
    /came out otherwise: a metric would be refused: too long/,
  ],
  [
    'cannot render them',
    () => {
      throw new Error('no template')
    },
    'refused',
    /it could not take \d+ records: no template/,
  ],
  ['cannot rehearse', undefined, 'refused', /cannot rehearse a write/],
])('an output that %s', async (_, rehearse, expected, told) => {
  const { bench, attempt, shelf, sent } = await running()
  const open = (): OutputSession => ({ ...shelf.open(), ...(rehearse && { rehearse }) })
  const { outcome, steps } = await attempt(
    'shelf',
    bench.plugin('output', 'shelf', open, { version: '2.0.0' }),
  )
  expect(outcome).toBe(expected)
  expect(steps[0]!.note).toMatch(told)
  expect(shelf.ids.toSorted((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: sent() }, (_, i) => i),
  )
})

test('a rehearsal that hangs ends with the gateway, and the others wait no longer than for any step of a plugin', async () => {
  const { bench, gateway, attempt, shelf } = await running()
  const open = (): OutputSession => ({ ...shelf.open(), rehearse: () => new Promise(() => {}) })
  const tried = attempt('shelf', bench.plugin('output', 'shelf', open, { version: '2.0.0' }))
  await new Promise((resolve) => setTimeout(resolve, 2 * SHADOW_MS))
  await gateway.stop()
  expect((await tried).outcome).toBe('refused')
}, 20_000)

test('a transport and an input that brings its records itself cannot be tried', async () => {
  const { bench, gateway, attempt } = await running()
  const { steps } = await attempt(
    'hand',
    bench.plugin('transport', 'hand', makeHand().open, { version: '2.0.0' }),
  )
  expect(steps[0]!.note).toBe('a transport has no traffic of its own to copy')
  expect(viewOf(gateway, 'hand').generation).toBe(1)
})

test('a generation in a thread is tried as one that is inline', async () => {
  const { bench, attempt } = await running((made) => stranger(made, '1.0.0', 0))
  const { outcome, steps } = await attempt('numbers', stranger(bench, '2.0.0', 0))
  expect([outcome, steps[0]!.note]).toEqual(['succeeded', expect.stringContaining('all came out alike')])
  const other = await attempt('numbers', stranger(bench, '3.0.0', 1))
  expect([other.outcome, other.steps[0]!.note]).toEqual([
    'refused',
    expect.stringContaining('gave another value'),
  ])
})

/** A decoder that runs in a thread, as what is not the gateway's own does. */
function stranger(bench: Bench, version: string, add: number): string {
  return writePlugin(join(bench.folder, `stranger-${version}`), 'input', {
    'package.json': {
      name: 'stranger',
      version,
      type: 'module',
      main: 'index.js',
      smartGateway: { api: 1, kind: 'input' },
    },
    'index.js': `export default { api: 1, kind: 'input', name: 'stranger', signals: ['metric'], options: { type: 'object' }, open: () => ({
      decode({ body }, out) {
        for (const number of JSON.parse(body.toString()))
          out.sample({ name: 'n', labels: {}, type: 'gauge', intervalMs: 0 }, number + ${add}, 0)
      },
    }) }`,
  })
}
