import { describe, expect, test } from 'vitest'
import { Acks } from './acks.ts'
import type { Ack } from './acks.ts'

function delivered(count: number): Acks {
  const acks = new Acks()
  for (let tag = 1; tag <= count; tag++) acks.delivered(tag)
  return acks
}

function settle(acks: Acks, ...tags: number[]): void {
  for (const tag of tags) acks.settled(tag)
}

describe('without a hole', () => {
  test('one acknowledgement covers everything that is settled, in whatever order it was', () => {
    const acks = delivered(5)
    settle(acks, 2, 1, 4, 3)
    expect(acks.due()).toEqual([{ tag: 4, multiple: true }])
    expect(acks.waiting).toBe(false)
    expect(acks.undecided).toBe(1)
  })

  test('nothing settled is nothing due', () => {
    expect(delivered(3).due()).toEqual([])
    expect(delivered(3).overdue()).toEqual([])
  })

  test('an acknowledgement never names a delivery that was refused: the broker knows it no more', () => {
    const acks = delivered(3)
    settle(acks, 1, 2)
    acks.refused(3)
    expect(acks.due()).toEqual([{ tag: 2, multiple: true }])
    expect(acks.waiting).toBe(false)
  })
})

describe('with a hole', () => {
  test('what lies beyond a young one waits', () => {
    const acks = delivered(5)
    settle(acks, 1, 3, 4)
    expect(acks.due()).toEqual([{ tag: 1, multiple: true }])
    expect(acks.overdue()).toEqual([])
    expect(acks.waiting).toBe(true)
  })

  test('one that is filled in time is covered', () => {
    const acks = delivered(5)
    settle(acks, 2, 3)
    acks.overdue()
    settle(acks, 1)
    expect(acks.overdue()).toEqual([{ tag: 3, multiple: true }])
  })

  test('past one that is older than the interval everything goes singly', () => {
    const acks = delivered(5)
    settle(acks, 2, 4)
    acks.overdue()
    expect(acks.overdue()).toEqual([
      { tag: 2, multiple: false },
      { tag: 4, multiple: false },
    ])
    settle(acks, 5)
    expect(acks.due()).toEqual([{ tag: 5, multiple: false }])
    expect(acks.waiting).toBe(false)
  })

  test('acknowledgements are cumulative again once it has its fate', () => {
    const acks = delivered(3)
    settle(acks, 2)
    acks.overdue()
    acks.overdue()
    settle(acks, 1)
    acks.delivered(4)
    settle(acks, 3, 4)
    expect(acks.due()).toEqual([{ tag: 4, multiple: true }])
  })

  test('the last acknowledgements do not wait for it', () => {
    const acks = delivered(4)
    settle(acks, 1, 3)
    expect(acks.last()).toEqual([
      { tag: 1, multiple: true },
      { tag: 3, multiple: false },
    ])
  })
})

test.each(Array.from({ length: 40 }, (_, index) => index + 1))(
  'random orders: each settled delivery is acknowledged exactly once and no other ever is (seed %i)',
  (seed) => {
    const random = generator(seed)
    const broker = new BrokerSide()
    const acks = new Acks()
    const open: number[] = []
    const late: number[] = []
    let next = 1
    // From tidy to chaotic, from small prefetches to more than the tracker's first window.
    const prefetch = Math.ceil(random() * 5000)
    const disorder = random()
    const steps = 20_000
    for (let step = 0; step < steps; step++) {
      while (open.length + late.length < prefetch && random() < 0.9 && next < 30_000) {
        broker.delivered(next)
        acks.delivered(next)
        open.push(next++)
      }
      const tag = open.splice(random() < disorder ? Math.floor(random() * open.length) : 0, 1)[0]
      if (tag !== undefined) {
        const fate = random()
        if (fate < 0.02) late.push(tag)
        else if (fate < 0.05) decide(tag, 'refused')
        else decide(tag, 'settled')
      }
      if (late.length > 0 && random() < 0.01) decide(late.pop()!, random() < 0.5 ? 'refused' : 'settled')
      if (step % 100 === 0) broker.take(acks.due())
      if (random() < 0.002) broker.take(acks.overdue())
    }
    expect(acks.undecided).toBe(open.length + late.length)
    for (const tag of [...open, ...late]) decide(tag, 'settled')
    broker.take(acks.overdue())
    broker.take(acks.overdue())
    expect(broker.open).toBe(0)
    expect(acks).toMatchObject({ undecided: 0, waiting: false })
    expect(broker.acknowledged).toBeGreaterThan(1000)

    function decide(tag: number, fate: 'settled' | 'refused'): void {
      if (fate === 'settled') broker.settled.add(tag)
      else broker.refused(tag)
      acks[fate](tag)
    }
  },
)

test('a delivery without a fate costs no time, however many follow it', () => {
  const acks = delivered(1)
  const count = 400_000
  const began = process.cpuUsage()
  for (let tag = 2; tag <= count; tag++) {
    acks.delivered(tag)
    acks.settled(tag)
    if (tag % 100 === 0) acks.due()
    if (tag % 2500 === 0) acks.overdue()
  }
  const { user } = process.cpuUsage(began)
  expect(acks.undecided).toBe(1)
  // It takes about 30 ms; one that walks back to the hole takes minutes.
  expect(user / 1000).toBeLessThan(2000)
})

/** What the broker holds, as strict as RabbitMQ: an acknowledgement must name a delivery that is outstanding. */
class BrokerSide {
  readonly settled = new Set<number>()
  acknowledged = 0
  /** In the order of delivery. */
  readonly #outstanding = new Set<number>()

  get open(): number {
    return this.#outstanding.size
  }

  delivered(tag: number): void {
    this.#outstanding.add(tag)
  }

  refused(tag: number): void {
    if (!this.#outstanding.delete(tag)) throw new Error(`${tag} is refused, but not outstanding`)
  }

  take(acks: readonly Ack[]): void {
    for (const { tag, multiple } of acks) {
      if (!this.#outstanding.has(tag)) throw new Error(`unknown delivery tag ${tag}`)
      if (!multiple) this.#acknowledge(tag)
      else for (const one of this.#upTo(tag)) this.#acknowledge(one)
    }
  }

  #acknowledge(tag: number): void {
    if (!this.settled.has(tag)) throw new Error(`${tag} is acknowledged, but not settled`)
    this.#outstanding.delete(tag)
    this.acknowledged++
  }

  *#upTo(tag: number): Generator<number> {
    for (const one of this.#outstanding) {
      if (one > tag) return
      yield one
    }
  }
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
