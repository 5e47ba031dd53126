import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { OutputSession } from '@smart-gateway/sdk'
import { makeBench, viewOf } from '../testing/bench.ts'
import type { Bench } from '../testing/bench.ts'
import { idsOf, range } from '../testing/records.ts'
import { decoder, makeHand } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'
import type { Hand } from '../testing/sessions.ts'

type Ids = (number | string)[]

/** An output that remembers what was written, by whichever generation, and hands the memory over while it writes. */
function remembering(
  bench: Bench,
  version: string,
  own: (memory: Ids) => Partial<OutputSession> = () => ({}),
) {
  const sessions: { memory: Ids; written: number; stopped: boolean }[] = []
  const folder = bench.plugin(
    'output',
    'shelf',
    () => {
      const session = { memory: [] as Ids, written: 0, stopped: false }
      sessions.push(session)
      return {
        async write(batch) {
          session.memory.push(...idsOf(batch))
          session.written += batch.length
        },
        exportState: () => [...session.memory],
        restore(state) {
          for (const id of state as Ids) session.memory.push(id)
        },
        follow: (batch) => void session.memory.push(...idsOf(batch)),
        stop: () => void (session.stopped = true),
        ...own(session.memory),
      }
    },
    { version },
  )
  return { folder, sessions }
}

/** A gateway with one input and such an output, started. */
async function running(own?: (memory: Ids) => Partial<OutputSession>) {
  const bench = await makeBench()
  const hand = makeHand()
  const first = remembering(bench, '1.0.0', own)
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: { shelf: { plugin: first.folder } },
  })
  await gateway.start()
  return { bench, hand, gateway, old: first.sessions }
}

/** Delivers numbers, a few in every turn, until it is told to end; resolves to how many there were when all are settled. */
function stream(hand: Hand): () => Promise<number> {
  let going = true
  let next = 0
  const fates: Promise<void>[] = []
  const streaming = (async () => {
    while (going) {
      for (let i = 0; i < 5; i++) fates.push(hand.deliver('numbers', next++))
      await turn()
    }
  })()
  return async () => {
    going = false
    await streaming
    await Promise.all(fates)
    return next
  }
}

test('the old generation writes and settles while its state is on its way; the next one follows, and then writes', async () => {
  const exported = Promise.withResolvers<void>()
  const restored = Promise.withResolvers<void>()
  const { bench, hand, gateway, old } = await running((memory) => ({
    async exportState() {
      const copy = [...memory]
      await exported.promise
      return copy
    },
  }))
  await hand.deliver('numbers', 1)
  const next = remembering(bench, '2.0.0', (memory) => ({
    async restore(state) {
      await restored.promise
      memory.push(...(state as Ids))
    },
  }))
  const swapped = gateway.swap('shelf', next.folder)
  await until('the next one to be open', () => next.sessions.length === 1)
  await hand.deliver('numbers', 2)
  exported.resolve()
  await hand.deliver('numbers', 3, 4)
  expect([old[0]!.memory, next.sessions[0]!.memory]).toEqual([[1, 2, 3, 4], []])
  restored.resolve()
  await swapped
  await hand.deliver('numbers', 5)
  expect(old).toEqual([{ memory: [1, 2, 3, 4], written: 4, stopped: true }])
  expect(next.sessions).toEqual([{ memory: [1, 2, 3, 4, 5], written: 1, stopped: false }])
})

test('50 swaps under a stream: the state that arrives is that of every record once, in order', async () => {
  const { bench, hand, gateway } = await running()
  const versions = ['2.0.0', '3.0.0'].map((version) => remembering(bench, version))
  const end = stream(hand)
  for (let i = 0; i < 50; i++) await gateway.swap('shelf', versions[i % 2]!.folder)
  const sent = await end()
  expect(versions[1]!.sessions.at(-1)!.memory).toEqual(range(0, sent))
  expect(
    versions.flatMap(({ sessions }) => sessions).filter(({ written }) => written > 0).length,
  ).toBeGreaterThan(10)
  expect(gateway.registry.outputs[0]!.unaccounted).toBe(0)
})

test.each<[string, (memory: Ids) => Partial<OutputSession>]>([
  [
    'take the state',
    () => ({
      async restore() {
        await turn()
        throw new Error('too old')
      },
    }),
  ],
  [
    'follow',
    () => ({
      async follow() {
        await turn()
        throw new Error('too old')
      },
    }),
  ],
])('a generation that does not %s leaves the old one writing, with nothing lost', async (_, own) => {
  const { bench, hand, gateway, old } = await running((memory) => ({
    async exportState() {
      const copy = [...memory]
      for (let i = 0; i < 5; i++) await turn()
      return copy
    },
  }))
  const next = remembering(bench, '2.0.0', own)
  const end = stream(hand)
  await expect(gateway.swap('shelf', next.folder)).rejects.toMatchObject({ code: 'SG_SWAP_FAILED' })
  const sent = await end()
  expect(old[0]).toEqual({ memory: range(0, sent), written: sent, stopped: false })
  expect(next.sessions).toMatchObject([{ written: 0, stopped: true }])
  expect(viewOf(gateway, 'shelf')).toMatchObject({ state: 'ready', version: '1.0.0' })
})

test('a gateway that stops while state is on its way goes down in time, and the old generation has written everything', async () => {
  let asked = false
  const { bench, hand, gateway, old } = await running(() => ({
    exportState: () => {
      asked = true
      return new Promise(() => {})
    },
  }))
  const next = remembering(bench, '2.0.0')
  const swapped = gateway.swap('shelf', next.folder)
  const refused = expect(swapped).rejects.toMatchObject({ code: 'SG_SWAP_FAILED' })
  await until('it to be asked', () => asked)
  const fate = hand.deliver('numbers', 1, 2)
  const startedMs = performance.now()
  expect(await gateway.stop()).toMatchObject({ unsettled: 0, onDisk: 0, lost: 0 })
  expect(performance.now() - startedMs).toBeLessThan(3000)
  await Promise.all([fate, refused])
  expect([old[0]!.memory, next.sessions[0]!.memory]).toEqual([[1, 2], []])
})

test('what the old generation may write ahead is bounded: then its queue is held until the next one has caught up, and it is said', async () => {
  const restored = Promise.withResolvers<void>()
  const { bench, hand, gateway, old } = await running()
  const next = remembering(bench, '2.0.0', () => ({ restore: () => restored.promise }))
  const swapped = gateway.swap('shelf', next.folder)
  await until('the next one to be open', () => next.sessions.length === 1)
  const mebibyte = ' '.repeat(1024 * 1024)
  const deliver = (number: number): Promise<void> =>
    hand.intakes.get('numbers')!.deliver({ body: Buffer.from(`[${number}${mebibyte}]`) })
  await turn()
  for (let i = 0; i < 16; i++) await deliver(i)
  const held = [deliver(16), deliver(17)]
  await until('it to be said', () => bench.lines.some(({ msg }) => msg.includes('its queue is held')))
  await turn()
  const { inFlight } = gateway.registry.outputs[0]!.holds
  expect([old[0]!.memory, inFlight.get('numbers')]).toEqual([range(0, 16), 2])
  restored.resolve()
  await Promise.all([swapped, ...held])
  expect(next.sessions[0]!.memory).toEqual(range(0, 18))
  expect(bench.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg)).toEqual([
    'its queue is held: its next generation has 17 MiB to catch up with',
  ])
})

test('records that the store refused are not followed; those it took beside them are', async () => {
  const error = Object.assign(new Error('no'), { retryable: false })
  const exported = Promise.withResolvers<void>()
  const { bench, hand, gateway } = await running(() => ({
    write: async () => ({ rejected: [{ index: 1, error }] }),
    exportState: () => exported.promise.then(() => []),
  }))
  const next = remembering(bench, '2.0.0')
  const swapped = gateway.swap('shelf', next.folder)
  await until('the next one to be open', () => next.sessions.length === 1)
  await turn()
  await hand.deliver('numbers', 1, 2, 3).catch(() => undefined)
  exported.resolve()
  await swapped
  expect(next.sessions[0]!.memory).toEqual([1, 3])
})
