import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OutputSession } from '@smart-gateway/sdk'
import { makeBench, viewOf } from '../testing/bench.ts'
import { idsOf, range } from '../testing/records.ts'
import { decoder, makeHand } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'

/** A gateway of a startup.yaml with one output, whose store takes what it is given only while it is let. */
async function running(queue: object = {}) {
  const bench = await makeBench()
  const hand = makeHand()
  const stored: number[] = []
  let open = true
  const waiting: (() => void)[] = []
  const store = (): OutputSession => ({
    async write(batch) {
      if (!open) await new Promise<void>((resolve) => void waiting.push(resolve))
      stored.push(...(idsOf(batch) as number[]))
    },
  })
  const plugin = bench.plugin('output', 'store', store)
  const configOf = (settings: object): object => ({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: { store: { plugin, ...settings } },
  })
  bench.write(configOf({ queue }))
  const gateway = bench.gatewayOfFile()
  await gateway.start()
  const move = async (next: object) => {
    bench.write(configOf({ queue: next }))
    const change = gateway.reconciler.reload('api')
    await change.done
    return change.view().steps.find(({ name }) => name === 'store')!
  }
  return {
    bench,
    gateway,
    stored,
    move,
    configOf,
    file: join(bench.folder, 'state/queues/store.sqlite'),
    deliver: (...numbers: number[]) => hand.deliver('numbers', ...numbers),
    shut: () => void (open = false),
    letGo() {
      open = true
      for (const resolve of waiting.splice(0)) resolve()
    },
  }
}

test('a queue moves from memory to the disk while records wait: they are written first, what comes then is acknowledged from the disk', async () => {
  const { deliver, shut, letGo, move, stored, gateway } = await running()
  shut()
  const early = deliver(0, 1, 2)
  await until('they wait', () => viewOf(gateway, 'store').queue!.bytes > 0)
  const step = await move({ type: 'disk' })
  expect(step).toMatchObject({ does: 'updated', result: 'done' })
  await deliver(3, 4)
  expect(stored).toEqual([])
  expect(gateway.registry.outputs[0]!.unaccounted).toBe(0)
  letGo()
  await early
  await until('all is written', () => stored.length === 5)
  expect(stored).toEqual(range(0, 5))
  expect(gateway.registry.outputs[0]!.unaccounted).toBe(0)
})

test('a queue moves from the disk to memory while records wait: they are written first, and its file goes', async () => {
  const { deliver, shut, letGo, move, stored, gateway, file } = await running({ type: 'disk' })
  shut()
  for (let i = 0; i < 5; i++) await deliver(i)
  const step = await move({ max: '2MiB' })
  expect(step).toMatchObject({ does: 'updated', result: 'done' })
  const late = deliver(5)
  expect(gateway.registry.outputs[0]!.unaccounted).toBe(0)
  expect(existsSync(file)).toBe(true)
  letGo()
  await late
  expect(stored).toEqual(range(0, 6))
  await until('its file is gone', () => !existsSync(file))
  expect(viewOf(gateway, 'store').queue).toMatchObject({ maxBytes: 2 * 1024 * 1024 })
})

test('there and back under a stream: every record is written once, in order', async () => {
  const { deliver, move, stored, gateway } = await running()
  let sent = 0
  let going = true
  const fates: Promise<void>[] = []
  const sending = (async () => {
    while (going) {
      fates.push(deliver(sent++))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })()
  for (let i = 0; i < 6; i++)
    expect(await move(i % 2 === 0 ? { type: 'disk' } : {})).toMatchObject({ result: 'done' })
  going = false
  await sending
  await Promise.all(fates)
  await until('all is written', () => stored.length === sent)
  expect(stored).toEqual(range(0, sent))
  expect(gateway.registry.outputs[0]!.unaccounted).toBe(0)
  expect(gateway.registry.inputs[0]!.intake.unaccounted).toBe(0)
}, 40_000)

test('what lies on the disk when startup.yaml says memory at a start is written first', async () => {
  const { deliver, shut, gateway, bench, configOf, stored, letGo, file } = await running({ type: 'disk' })
  shut()
  for (let i = 0; i < 3; i++) await deliver(i)
  await gateway.stop()
  // A write that hung through the stop ends for nobody.
  letGo()
  await until('it has ended', () => stored.length === 1)
  stored.length = 0
  bench.write(configOf({}))
  const second = bench.gatewayOfFile()
  await second.start()
  bench.write(configOf({ queue: { max: '3MiB' } }))
  const edited = second.reconciler.reload('api')
  await edited.done
  // Whoever follows the file may have been first.
  expect(['succeeded', 'unchanged']).toContain(edited.outcome)
  await deliver(3)
  await until('all is written', () => stored.length === 4)
  expect(stored).toEqual(range(0, 4))
  await until('its file is gone', () => !existsSync(file))
  expect(second.registry.outputs[0]!.unaccounted).toBe(0)
}, 20_000)

test('a disk that cannot be used leaves the queue in memory, and the change says why', async () => {
  const { bench, deliver, move, stored, gateway } = await running()
  // Where the folder of queues should be, there is a file.
  writeFileSync(join(bench.folder, 'state/queues'), '')
  const step = await move({ type: 'disk' })
  expect(step).toMatchObject({ does: 'updated', result: 'failed' })
  expect(step.note).toMatch(/the queue stays in memory: its disk queue fails: /)
  await deliver(1)
  expect([stored, viewOf(gateway, 'store').state]).toEqual([[1], 'ready'])
})

test.each([[[]], [['all']]])(
  'what waits in memory when its queue has moved to the disk is seen, and given back when its source is lost; filters: %j',
  async (filters) => {
    const bench = await makeBench()
    const hand = makeHand()
    const stuck = (): OutputSession => ({ write: () => new Promise(() => undefined) })
    const write = (queue: object): void =>
      bench.write({
        transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
        filters: { all: { plugin: bench.plugin('filter', 'all', () => ({ apply: (batch) => batch })) } },
        inputs: {
          numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } },
        },
        outputs: { store: { plugin: bench.plugin('output', 'store', stuck), filters, queue } },
      })
    write({})
    const gateway = bench.gatewayOfFile()
    await gateway.start()
    const { intake } = gateway.registry.inputs[0]!
    const open = hand.deliver('numbers', 1)
    await until('one is being written', () => gateway.registry.outputs[0]!.queue.walk().open === 1)
    const waits = hand.deliver('numbers', 2)
    write({ type: 'disk' })
    await gateway.reconciler.reload('api').done
    expect([intake.inFlight, intake.unaccounted]).toEqual([2, 0])
    hand.intakes.get('numbers')!.fail(new Error('the channel died'))
    await expect(waits).rejects.toMatchObject({ code: 'SG_SESSION_LOST' })
    expect([intake.inFlight, intake.unaccounted]).toEqual([1, 0])
    void open
  },
)

test('a queue that moves often leaves nothing behind', async () => {
  const { move, gateway } = await running()
  const [output] = gateway.registry.outputs
  const before = output!.entrances.length
  for (let i = 0; i < 3; i++) {
    expect(await move({ type: 'disk' })).toMatchObject({ result: 'done' })
    expect(await move({ type: 'memory' })).toMatchObject({ result: 'done' })
  }
  await until('all but one are gone', () => output!.entrances.length === before)
})

test.each([[[]], [['all']]])(
  'a queue that is full holds its sources no longer than until it is on the disk, and again when that is full; filters: %j',
  async (filters) => {
    const bench = await makeBench()
    const hand = makeHand()
    const waiting: (() => void)[] = []
    const stuck = (): OutputSession => ({ write: () => new Promise((resolve) => void waiting.push(resolve)) })
    const write = (queue: object): void =>
      bench.write({
        transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
        filters: { all: { plugin: bench.plugin('filter', 'all', () => ({ apply: (batch) => batch })) } },
        inputs: {
          numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } },
        },
        outputs: { store: { plugin: bench.plugin('output', 'store', stuck), filters, queue } },
      })
    write({ max: '16MiB' })
    const gateway = bench.gatewayOfFile()
    await gateway.start()
    const intake = hand.intakes.get('numbers')!
    // More than there may be in memory of a queue on the disk.
    const early = intake.deliver({ body: Buffer.from(`[0, 1]${' '.repeat(20 * 1024 ** 2)}`) })
    await until('it is full', () => intake.full)
    const room = intake.room()
    write({ type: 'disk', maxRecords: 2 })
    await gateway.reconciler.reload('api').done
    await room
    expect(intake.full).toBe(false)
    await hand.deliver('numbers', 2, 3)
    await until('the disk is full', () => intake.full)
    const roomOnDisk = intake.room()
    const letGo = setInterval(() => waiting.shift()?.(), 5)
    await Promise.all([early, roomOnDisk])
    clearInterval(letGo)
  },
)
