import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { POISON } from './animal.ts'
import { BEHAVIOURS } from './behaviours.ts'
import type { Behaviour, Fate } from './behaviours.ts'
import { misbehaviourPage } from './page.ts'
import { visit } from './visit.ts'
import type { Sighting } from './visit.ts'

interface Visit {
  readonly behaviour: Behaviour
  readonly isolation: 'inline' | 'worker'
  readonly fate: Exclude<Fate, 'escapes'>
}

const VISITS = BEHAVIOURS.flatMap((behaviour): readonly Visit[] =>
  (['inline', 'worker'] as const).flatMap((isolation) => {
    const fate = behaviour[isolation]
    return fate === undefined || fate === 'escapes' ? [] : [{ behaviour, isolation, fate }]
  }),
)

/** What hangs costs time only; what loops costs a core. */
const isIdle = ({ behaviour: { does } }: Visit): boolean => /hangs|never acks|answers/.test(does)
const sightings = new Map([
  ...allOf(VISITS.filter(isIdle), 30),
  ...allOf(
    VISITS.filter((one) => !isIdle(one)),
    availableParallelism(),
  ),
])

describe.each(VISITS)('$behaviour.species, $behaviour.stage, $isolation', (one) => {
  test(`${one.behaviour.does}: ${one.fate}`, async () => {
    const seen = await sightings.get(one)!
    expect(seen.neighbour).toEqual(new Set(['settled']))
    expect(seen.unaccounted).toBe(0)
    EXPECTATIONS[one.fate](seen)
  }, 600_000)
})

test('docs/misbehaviour.md is up to date', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/misbehaviour.md'), 'utf8')
  expect(page, 'docs/misbehaviour.md is old: run npm run docs').toBe(misbehaviourPage())
})

const EXPECTATIONS: Readonly<Record<Exclude<Fate, 'escapes'>, (seen: Sighting) => void>> = {
  refused: (seen) => {
    expect([seen.arrival, seen.departure]).toEqual(['refused', 'succeeded'])
    allStoredOnce(seen)
  },
  kept: onlyPoisonRefused,
  alone: (seen) => {
    onlyPoisonRefused(seen)
    expect(seen.log).toContainEqual(expect.stringMatching(/the thread of .* (ended|did not turn)/))
  },
  retried: bothSucceed,
  reopened: (seen) => {
    bothSucceed(seen)
    expect(seen.log).toContainEqual(expect.stringMatching(/the thread of .* (ended|did not turn)/))
  },
  stays: (seen) => {
    expect([seen.arrival, seen.departure]).toEqual(['succeeded', 'refused'])
    allStoredOnce(seen)
  },
  degraded: (seen) => {
    bothSucceed(seen)
    expect([...seen.states]).toEqual([expect.stringMatching(/^degraded it cannot tell how it is: /)])
  },
  warned: (seen) => {
    bothSucceed(seen)
    expect(seen.log).toContainEqual(expect.stringMatching(/stop failed|did not stop as it should/))
  },
  late: (seen) => {
    bothSucceed(seen)
    expect(seen.log).toContainEqual(expect.stringMatching(/did not finish within 5000 ms/))
  },
  bounded: (seen) => {
    bothSucceed(seen)
    expect(seen.log.filter((line) => line === 'noise').length).toBeLessThan(1500)
  },
  ignored: (seen) => {
    bothSucceed(seen)
    expect(seen.stored).not.toContain(1000)
    // Of a source: what the one before brought is all there before anything of the next.
    const versions = seen.stored.filter((number) => number >= 1e9).map((number) => Math.floor(number / 1e9))
    expect(versions).toEqual(versions.toSorted())
  },
  stateless: bothSucceed,
  harmless: bothSucceed,
}

function bothSucceed(seen: Sighting): void {
  expect([seen.arrival, seen.departure]).toEqual(['succeeded', 'succeeded'])
  allStoredOnce(seen)
}

function allStoredOnce({ sent, stored, refused }: Sighting): void {
  expect(new Set(sent.values())).toEqual(new Set(sent.size === 0 ? [] : ['settled']))
  const own = stored.filter((number) => number < 1e9)
  expect(own.toSorted((a, b) => a - b)).toEqual([...sent.keys()].toSorted((a, b) => a - b))
  expect(new Set(stored).size).toBe(stored.length)
  expect(stored.length).toBeGreaterThan(0)
  expect(refused).toBe(0)
}

function onlyPoisonRefused({ arrival, departure, sent, stored, refused }: Sighting): void {
  expect([arrival, departure]).toEqual(['succeeded', 'succeeded'])
  expect(refused).toBe(1)
  const sound = [...sent.keys()].filter((number) => number !== POISON)
  expect(sound.map((number) => sent.get(number))).toEqual(sound.map(() => 'settled'))
  expect(stored.toSorted((a, b) => a - b)).toEqual(sound.toSorted((a, b) => a - b))
}

/** Begins visits, so many at a time. */
function allOf(visits: readonly Visit[], atOnce: number): readonly (readonly [Visit, Promise<Sighting>])[] {
  const lanes = Array.from({ length: atOnce }, () => Promise.resolve<unknown>(undefined))
  return visits.map((one, i) => {
    const { behaviour, isolation, fate } = one
    const sighting = lanes[i % atOnce]!.then(() => visit(behaviour, isolation, fate))
    // What is wrong is said by its own test.
    lanes[i % atOnce] = sighting.catch(() => undefined)
    return [one, sighting] as const
  })
}
