import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createGateway } from '../../gateway.ts'
import { recordingLog } from '../log-lines.ts'
import { until } from '../until.ts'
import { feeders, POISON, writeAnimal } from './animal.ts'
import type { Behaviour, Fate, Species } from './behaviours.ts'

/** What was seen of a plugin that misbehaves, from being swapped in for a sound one to being swapped out for another. */
export interface Sighting {
  /** How the change to it and the change away from it ended. */
  readonly arrival: string
  readonly departure: string
  /** Numbers that were handed in with their fates, and those that the store has, in its order. */
  readonly sent: ReadonlyMap<number, string>
  readonly stored: readonly number[]
  /** How it was, in between. */
  readonly states: ReadonlySet<string>
  readonly log: readonly string[]
  /** Fates of the neighbour's messages. */
  readonly neighbour: ReadonlySet<string>
  /** Messages and records that were refused for good, and those that nobody can account for. */
  readonly refused: number
  readonly unaccounted: number
}

/** The name of the instance that is swapped. */
const SUBJECTS: Readonly<Record<Species, string>> = {
  decoder: 'in',
  source: 'in',
  filter: 'sieve',
  output: 'out',
  transport: 'bus',
}

/** How long it is watched before it is replaced, where nothing decides itself. */
const WATCH_MS: Partial<Record<Fate, number>> = { degraded: 1500, reopened: 1500 }
const SETTLE_MS = 500

/** Has one plugin of the zoo misbehave in a gateway with a neighbour, and writes down what happens. */
export async function visit(
  { species, stage, does }: Behaviour,
  isolation: 'inline' | 'worker',
  fate: Fate,
): Promise<Sighting> {
  const folder = mkdtempSync(join(tmpdir(), 'zoo-'))
  const { log, lines } = recordingLog()
  const bad = writeAnimal(folder, species, 2, { stage, does })
  const next = writeAnimal(folder, species, 3)
  const gateway = createGateway(configurationOf(folder, species, isolation), { folder, log, environment: {} })
  const intakes = feeders()
  const sent = new Map<number, string>()
  const fates: Promise<void>[] = []
  const neighbour = new Set<string>()
  const states = new Set<string>()

  const deliver = async (input: string, number: number): Promise<string> => {
    const feeder = intakes.get(`${folder} ${input}`)!
    try {
      await feeder.deliver({ body: Buffer.from(JSON.stringify([number])) })
      return 'settled'
    } catch (error) {
      return (error as Error).message
    }
  }
  const send = (number: number): void => {
    fates.push(deliver('other', number).then((one) => void neighbour.add(one)))
    if (species === 'source') return
    sent.set(number, 'none')
    fates.push(deliver('in', number).then((one) => void sent.set(number, one)))
  }
  const look = (): void => {
    const { state, reason } = gateway.registry.view().find(({ name }) => name === SUBJECTS[species])!
    states.add(`${state} ${reason ?? ''}`)
  }
  let number = 0
  /** Messages come in all the while. */
  const swap = async (path: string): Promise<string> => {
    const change = gateway.reconciler.swap(SUBJECTS[species], { kind: 'folder', path })
    while (change.outcome === undefined) {
      send(++number)
      await Promise.race([change.done, delay(20)])
    }
    return change.outcome
  }

  try {
    await gateway.start()
    await until('all to be ready', () => gateway.registry.view().every(({ state }) => state === 'ready'))
    const arrival = await swap(bad)
    for (const one of [10_001, POISON, 10_002]) send(one)
    if (fate === 'kept' || fate === 'alone') await Promise.all(fates)
    else await delay(WATCH_MS[fate] ?? SETTLE_MS)
    look()
    if (fate === 'reopened')
      await until('its thread to end', () => lines.some(({ msg }) => /ended|did not turn/.test(msg)), 30_000)
    const departure = await swap(next)
    send(20_001)
    await Promise.all(fates)
    await delay(SETTLE_MS)
    const { inputs, outputs } = gateway.registry
    const refused =
      inputs.reduce((sum, { intake }) => sum + intake.counts.undecodable, 0) +
      outputs.reduce((sum, { queue }) => sum + queue.ledger.total.rejected, 0)
    const unaccounted = [...inputs.map(({ intake }) => intake), ...outputs]
      .map((one) => Math.abs(one.unaccounted))
      .reduce((sum, one) => sum + one, 0)
    await gateway.stop()
    return {
      arrival,
      departure,
      sent,
      stored: storedIn(folder),
      states,
      log: lines.map(({ msg }) => msg),
      neighbour,
      refused,
      unaccounted,
    }
  } finally {
    await gateway.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A gateway in which one plugin is the subject, and another input and output beside. */
function configurationOf(folder: string, species: Species, isolation: string): object {
  const subject = (kind: Species, more: object = {}): object => ({
    plugin: writeAnimal(folder, kind, 1),
    isolation: kind === species ? isolation : 'inline',
    ...more,
  })
  const sieve = { plugin: writeAnimal(folder, 'filter', 1) }
  return {
    gateway: { drain: '1s', admin: { port: 0 }, probation: '0s' },
    transports: {
      bus: { plugin: writeAnimal(folder, 'transport', 1) },
      road: { plugin: writeAnimal(folder, 'transport', 1) },
    },
    filters: { sieve },
    inputs: {
      in:
        species === 'source'
          ? subject('source')
          : subject('decoder', { from: { transport: 'bus' }, filters: ['sieve'] }),
      other: { plugin: writeAnimal(folder, 'decoder', 1), isolation: 'inline', from: { transport: 'road' } },
    },
    outputs: {
      out: subject('output', { from: ['in'] }),
      quiet: {
        plugin: writeAnimal(join(folder, 'quiet'), 'output', 1),
        isolation: 'inline',
        from: ['other'],
      },
    },
  }
}

function storedIn(folder: string): readonly number[] {
  const path = join(folder, 'stored')
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8').trim().split('\n').map(Number)
}
