import { expect, test } from 'vitest'
import type { TransportSession } from '@smart-gateway/sdk'
import { makeBench } from '../testing/bench.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'

const MESSAGES = 5000
/** What a peer sends before it waits for one to be settled. */
const PREFETCH = 100

/** Delivers all messages as a peer with a prefetch does: the next one when another was settled. */
function send(deliver: (id: number) => Promise<void>, prefetch = PREFETCH) {
  const counts = { delivered: 0, settled: 0 }
  const next = (): void => {
    if (counts.delivered === MESSAGES) return
    void deliver(counts.delivered++).then(() => {
      counts.settled++
      next()
    })
  }
  for (let i = 0; i < prefetch; i++) next()
  return counts
}

/** An output that writes one batch for each time that it is let, until it is let go. */
function gated() {
  const waiting: (() => void)[] = []
  let free = false
  const shelf = makeShelf(
    () => new Promise((resolve) => (free ? setTimeout(resolve, 1) : waiting.push(resolve))),
  )
  return {
    shelf,
    let: () => waiting.shift()?.(),
    letGo() {
      free = true
      waiting.shift()?.()
    },
  }
}

test.each([
  ['required', { required: true }],
  ['optional', { required: false, queue: { max: '8KiB' } }],
] as const)(
  'a slow output that is %s: it sets the pace of its inputs only where it is required, and of nobody else',
  async (kind, settings) => {
    const bench = await makeBench()
    const hand = makeHand()
    const fast = makeShelf()
    const slow = gated()
    const from = { transport: 'hand' }
    const gateway = bench.gateway({
      transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
      inputs: {
        a: { plugin: bench.plugin('input', 'a', decoder()), from },
        b: { plugin: bench.plugin('input', 'b', decoder(1_000_000)), from },
      },
      outputs: {
        fast: { plugin: bench.plugin('output', 'fast', fast.open) },
        slow: { plugin: bench.plugin('output', 'slow', slow.shelf.open), from: ['a'], ...settings },
      },
    })
    await gateway.start()
    const a = send((id) => hand.deliver('a', id))
    const b = send((id) => hand.deliver('b', id))
    await until('the other input to be done', () => b.settled === MESSAGES)

    if (kind === 'required') {
      // Its one open write, and not a message more than the prefetch.
      expect(a).toEqual({ delivered: PREFETCH, settled: 0 })
      slow.let()
      await until('as many to be settled as it wrote', () => a.settled > 0)
      expect(a.settled).toBe(slow.shelf.ids.length)
      expect(a.delivered).toBe(PREFETCH + a.settled)
    }
    slow.letGo()
    await until('this input to be done', () => a.settled === MESSAGES)
    if (kind === 'required') expect(slow.shelf.ids).toHaveLength(MESSAGES)
    else expect(slow.shelf.ids.length).toBeLessThan(MESSAGES)
    expect(fast.ids).toHaveLength(2 * MESSAGES)
  },
)

test('an output that lingers never waits while a source waits for it, whatever the credit of each', async () => {
  const bench = await makeBench()
  const hand = makeHand()
  const shelf = makeShelf()
  const credits = new Map([
    ['a', PREFETCH],
    ['b', 3],
  ])
  const open = (): TransportSession => {
    const session = hand.open()
    return {
      subscribe: async (options, intake, context) => ({
        ...(await session.subscribe(options, intake, context)),
        credit: credits.get(context.input)!,
      }),
    }
  }
  const from = { transport: 'hand' }
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', open) } },
    inputs: {
      a: { plugin: bench.plugin('input', 'a', decoder()), from },
      b: { plugin: bench.plugin('input', 'b', decoder(1_000_000)), from },
    },
    outputs: {
      out: { plugin: bench.plugin('output', 'out', shelf.open), batch: { records: 50, linger: '1m' } },
    },
  })
  await gateway.start()
  const a = send((id) => hand.deliver('a', id), credits.get('a'))
  const b = send((id) => hand.deliver('b', id), credits.get('b'))
  await until('both inputs to be done, but for the last that nobody waits for', () => {
    return a.settled > MESSAGES - PREFETCH && b.settled > MESSAGES - 3
  })
})
