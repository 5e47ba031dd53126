import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { keepRecords, permanent, retryable } from '@smart-gateway/sdk'
import type { FilterSession, OutputSession, Rejection } from '@smart-gateway/sdk'
import { idsOf, SERIES } from '../testing/records.ts'
import { seeded } from '../testing/seeded.ts'
import type { Seeded } from '../testing/seeded.ts'
import { until } from '../testing/until.ts'
import { Intake } from './intake.ts'
import { residual } from './ledger.ts'
import type { Decode } from './intake.ts'
import { Filters } from './filters.ts'
import { Queue } from './queue.ts'
import { Screen } from './screen.ts'
import { Sieve } from './sieve.ts'
import type { WhenFull } from './entrance.ts'
import { Writer } from './writer.ts'

const MESSAGES = 400

/** An output with a store that remembers every id: accepted, and how often; refused for good. */
class Store {
  readonly required: boolean
  readonly queue: Queue
  readonly screen: Screen
  readonly sieve = new Sieve('sieve')
  readonly writer: Writer
  readonly accepted = new Map<number, number>()
  readonly refused = new Set<number>()
  readonly filtered = new Set<number>()
  faults = 0
  readonly #random: Seeded

  constructor(random: Seeded) {
    this.#random = random
    this.required = random.next() < 0.7
    const whenFull: WhenFull = random.pick(
      this.required ? ['block', 'block', 'dropNewest', 'dropOldest'] : ['dropNewest', 'dropOldest'],
    )
    this.queue = new Queue({ maxBytes: random.pick([2_000, 20_000, 2 ** 26]), whenFull })
    this.screen = new Screen({
      behind: () => this.queue,
      holders: () => [this.queue],
      ledger: this.queue.ledger,
      refused: async (some) => {
        for (const { part } of some) this.refused.add(idsOf(part.chunk.batch)[part.from] as number)
        await turn()
      },
    })
    this.sieve.put(sifting(random, this.filtered))
    if (random.next() < 0.6) this.screen.setFilters(new Filters([this.sieve]))
    this.writer = new Writer(
      this.queue,
      {
        batch: { records: 1000, bytes: 2 ** 20, lingerMs: random.pick([0, 0, 1]) },
        retry: { initialMs: 1, maxMs: 2 },
      },
      { accepted() {}, retrying() {}, async refused() {} },
    )
    this.writer.attach(this.session())
  }

  get residual(): number {
    const inFlight = this.queue.inFlight()
    this.screen.addInFlight(inFlight)
    return residual(this.queue.ledger.total, inFlight.get('input') ?? 0)
  }

  session(): OutputSession {
    const random = this.#random
    return {
      write: async (batch) => {
        const ids = idsOf(batch) as number[]
        for (let turns = random.below(4); turns > 0; turns--) await turn()
        const fault = random.next()
        if (fault < 0.6) return this.#accept(ids)
        this.faults++
        if (fault < 0.7) throw retryable('busy')
        if (fault < 0.75) throw new Error('reset')
        if (fault < 0.8) {
          this.#accept(ids)
          throw retryable('accepted, but the answer was lost')
        }
        if (fault < 0.85) {
          for (const id of ids) this.refused.add(id)
          throw permanent('refused')
        }
        return { rejected: this.#partly(ids) }
      },
    }
  }

  #accept(ids: readonly number[]): void {
    for (const id of ids) this.accepted.set(id, (this.accepted.get(id) ?? 0) + 1)
  }

  #partly(ids: readonly number[]): Rejection[] {
    return ids.flatMap((id, index) => {
      const fate = this.#random.next()
      if (fate < 0.5) this.#accept([id])
      if (fate >= 0.5 && fate < 0.75) this.refused.add(id)
      return fate < 0.5 ? [] : [{ index, error: fate < 0.75 ? permanent('refused') : retryable('busy') }]
    })
  }
}

/** A filter that takes away a tenth of the samples, and throws on some batches; alone a sample is thrown on when its number is a multiple of 50. */
function sifting(random: Seeded, filtered: Set<number>, throwing = 50): FilterSession {
  return {
    apply(batch) {
      const ids = idsOf(batch) as number[]
      if (throwing > 0 && ids.some((id) => id % throwing === 0)) throw permanent('no')
      return keepRecords(batch, (i) => {
        const isKept = random.next() > 0.1
        if (!isKept) filtered.add(ids[i]!)
        return isKept
      })
    },
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'seed %i: every message settles once and every record has a fate',
  async (seed) => {
    const random = seeded(seed)
    const stores = Array.from({ length: 1 + random.below(4) }, () => new Store(random))
    const intake = new Intake('input', { refused() {}, rejected() {} })
    const edges = stores.map(({ screen, required }, i) => ({ output: `${i}`, queue: screen, required }))
    const atInput = new Set<number>()
    const sieve = new Sieve('sieve')
    sieve.put(sifting(random, atInput, 0))
    if (random.next() < 0.6) intake.setFilters(new Filters([sieve]))
    intake.setRoute({ metric: edges, log: edges, event: edges })
    const decode: Decode = ({ body }, out) => {
      const [bad, ...ids] = JSON.parse(body.toString()) as [boolean, ...number[]]
      for (const id of ids) out.sample(SERIES, id, 0)
      if (bad) throw new Error('bad message')
    }
    intake.setDecoder((message, out) => decode(message, out))

    let id = 0
    const fates = new Map<number, string[]>()
    const messages = Array.from({ length: MESSAGES }, (_, key) => {
      const ids = Array.from({ length: random.pick([0, 1, 1, 3, 40, 1500]) }, () => id++)
      return { key, ids, bad: random.next() < 0.05 }
    })
    let late = 0
    const check = (): void => {
      for (const store of stores) if (store.residual !== 0) late++
    }
    for (const { key, ids, bad } of messages) {
      fates.set(key, [])
      intake.deliver({ body: Buffer.from(JSON.stringify([bad, ...ids])) }).then(
        () => fates.get(key)!.push('settled'),
        () => fates.get(key)!.push('refused'),
      )
      const chance = random.next()
      if (chance < 0.3) await turn()
      if (chance < 0.05) intake.setDecoder((message, out) => decode(message, out))
      if (chance > 0.95) {
        const store = random.pick(stores)
        await store.writer.detach(random.pick([0, 0, 5]))
        store.writer.attach(store.session())
      }
      check()
    }
    await until('every message has its fate', () => intake.inFlight === 0)
    await until('optional outputs are done', () =>
      stores.every(({ queue, screen }) => [...queue.owners(), ...screen.owners()].length === 0),
    )
    check()
    await Promise.all(stores.map(({ writer }) => writer.detach(0)))

    expect(late).toBe(0)
    expect(stores.some(({ faults }) => faults > 0)).toBe(true)
    expect([...fates.values()].every((known) => known.length === 1)).toBe(true)
    const { received, settled, returned, refused, undecodable } = intake.counts
    expect([received, settled + refused, returned]).toEqual([MESSAGES, MESSAGES, 0])
    const good = messages.filter(({ bad }) => !bad)
    expect(undecodable).toBe(MESSAGES - good.length)
    for (const { queue, accepted, refused: refusedIds, filtered: filteredIds, required } of stores) {
      const { routed, delivered, filtered, rejected, dropped } = queue.ledger.total
      const generated = good.flatMap(({ ids }) => ids).filter((one) => !atInput.has(one))
      const known = delivered + filtered + rejected + dropped
      expect([routed, known, filtered]).toEqual([generated.length, generated.length, filteredIds.size])
      const missing = generated.filter(
        (one) => !accepted.has(one) && !refusedIds.has(one) && !filteredIds.has(one),
      )
      expect(generated.some((one) => accepted.has(one) && filteredIds.has(one))).toBe(false)
      expect(missing.length).toBeLessThanOrEqual(dropped)
      for (const { key, ids, bad } of messages) {
        if (bad) expect(ids.some((one) => accepted.has(one))).toBe(false)
        else if (required && fates.get(key)![0] === 'settled' && dropped === 0)
          expect(ids.every((one) => accepted.has(one) || filteredIds.has(one) || atInput.has(one))).toBe(true)
      }
    }
  },
)
