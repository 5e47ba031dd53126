import { deadIds } from './dead-ids.ts'
import { sumOf } from './samples.ts'
import type { Page } from './samples.ts'
import type { Scenario } from './scenario.ts'
import type { Place, Stage } from './stage.ts'

/** What a scenario's ledger came to. */
export interface Balance {
  readonly generated: number
  readonly stored: Readonly<Record<string, number>>
  readonly duplicates: Readonly<Record<string, number>>
  readonly deadLettered: number
  /** What is wrong; empty when all is well. */
  readonly flaws: readonly string[]
}

/** Draws the balance of a stage that has come to rest. */
export async function balance(scenario: Scenario, stage: Stage, page: Page): Promise<Balance> {
  const { places, generator, bus, samples, gateway } = stage
  const dead = await deadIds(gateway.adminUrl)
  const flaws: string[] = []
  const say = (what: string, ids: Iterable<number>): void => {
    const list = [...ids]
    if (list.length > 0) flaws.push(`${list.length} ${what}: ${list.slice(0, 5).join(', ')}`)
  }

  for (const place of places) {
    const { name, guard } = place.plan
    const copies = place.store.copies()
    const lost = [...generator.confirmed].filter((id) => !copies.has(id) && !dead.get(name)?.has(id))
    // An optional output may let records go, if it says so, and has nothing that survives a kill.
    const declared =
      guard === 'optional'
        ? sumOf(page, 'smart_gateway_edge_records_total', `output="${name}"`, 'fate="dropped"')
        : 0
    if (lost.length > declared && !(guard === 'optional' && stage.kills > 0)) say(`missing in ${name}`, lost)
    // A lost answer may have been a yes, and the next one a no.
    if (!scenario.lostAnswers) {
      say(
        `both stored in ${name} and dead-lettered`,
        [...(dead.get(name) ?? [])].filter((id) => copies.has(id)),
      )
    }
    say(
      `stored more often in ${name} than any fault explains`,
      [...copies].filter(([id, count]) => count > explained(scenario, stage, place, id)).map(([id]) => id),
    )
    say(
      `in ${name} that were never published`,
      [...copies.keys()].filter((id) => !generator.confirmed.has(id) && !generator.uncertain.has(id)),
    )
    if (stage.restarts === 0 && !scenario.lostAnswers) {
      const told = sumOf(page, 'smart_gateway_edge_records_total', `output="${name}"`, 'fate="delivered"')
      const made = sum(copies.values())
      if (told !== made)
        flaws.push(`${name} holds ${made} copies and the gateway counts ${told} as delivered`)
    }
  }
  say('acknowledged before a store had them', stage.tooEarly)
  say(
    'delivered again without the mark redelivered',
    [...bus.delivered].filter(([id, count]) => count > 1 && !bus.redelivered.has(id)).map(([id]) => id),
  )
  flaws.push(...samples.unaccounted.slice(0, 5))
  if (samples.unaccounted.length > 0) flaws.push(`the gateway's ledgers at the end: ${ledgersOf(page)}`)
  if (samples.taken < 3) flaws.push(`only ${samples.taken} looks at the metrics`)
  return {
    generated: generator.confirmed.size,
    stored: perPlace(places, ({ store }) => store.copies().size),
    duplicates: perPlace(places, duplicatesIn),
    deadLettered: sum([...dead.values()].map((ids) => ids.size)),
    flaws,
  }
}

/** Every count of the ledgers that is not 0. */
function ledgersOf(page: Page): string {
  const name = /^smart_gateway_(?:edge_records|input_messages)/
  return [...page]
    .flatMap(([line, value]) => (name.test(line) && value !== 0 ? [`${line} ${value}`] : []))
    .join(', ')
}

/** Copies beyond the first of each id. */
export function duplicatesIn({ store }: Place): number {
  const copies = store.copies()
  return sum(copies.values()) - copies.size
}

/** How many copies of an id there may be: one for each delivery, and more where an answer may be lost or a removal undone. */
function explained({ lostAnswers = false }: Scenario, stage: Stage, { plan }: Place, id: number): number {
  const delivered = stage.bus.delivered.get(id) ?? 0
  if (lostAnswers && !plan.healthy) return Infinity
  return delivered + (plan.guard === 'disk' ? stage.kills : 0)
}

function perPlace(places: readonly Place[], count: (place: Place) => number): Record<string, number> {
  return Object.fromEntries(places.map((place) => [place.plan.name, count(place)]))
}

function sum(numbers: Iterable<number>): number {
  let all = 0
  for (const number of numbers) all += number
  return all
}
