import { randomInt } from 'node:crypto'
import { resolve } from 'node:path'
import { CHECKS } from './checks.ts'
import { CLAUSES } from './clauses.ts'
import { authorFile } from './lab/author-file.ts'
import { trialsOf } from './isolation.ts'
import type { Isolation, Trial } from './isolation.ts'
import { Lab } from './lab/lab.ts'
import type { Verdict } from './lab/protocol.ts'
import { countsOf, notTriedOf, silenceOf } from './report/report.ts'
import type { Outcome, Report } from './report/report.ts'
import { readPackage } from './subject/plugin-package.ts'
import type { PluginPackage } from './subject/plugin-package.ts'

/** How a plugin is tried. */
export interface ConformanceOptions {
  /** Repeats an earlier run; a new one is drawn where it is left out. */
  readonly seed?: number
  /** `core` leaves the author's peer out; `full` insists on one: without `setup` a run is refused with one sentence. */
  readonly profile?: 'core' | 'full'
  /** Where the plugin runs; left out, inputs and outputs are tried in both. */
  readonly isolation?: Isolation | 'both'
  /** The author's file, where it does not lie beside the plugin's package.json. */
  readonly author?: string
  /** Told of each outcome as it comes. */
  readonly onOutcome?: (outcome: Outcome) => void
}

/** A run that is asked for check by check, as the runners of tests do. */
export interface Run {
  readonly plugin: PluginPackage
  readonly seed: number
  /** Those that there are for its kind. */
  readonly trials: readonly Trial[]
  /** `full` once a check has run where the author starts a peer. */
  readonly profile: 'core' | 'full'
  run(trial: Trial): Promise<Outcome>
  close(): Promise<void>
}

const NO_PEER =
  'the full profile needs a peer: give setup in a conformance.js beside the package.json, or ask for --profile core'

/** Begins a run. Throws an Error with one sentence when there is no plugin in the folder, or no peer for the full profile. */
export function begin(folder: string, options: ConformanceOptions = {}): Run {
  const plugin = readPackage(resolve(folder))
  const seed = options.seed ?? randomInt(2 ** 31)
  const file = options.author === undefined ? authorFile(plugin.folder) : resolve(options.author)
  if (options.profile === 'full' && file === undefined) throw new Error(NO_PEER)
  /** Why checks said nothing inline: that is the same in a thread. */
  const silent = new Map<string, Verdict>()
  const lab = new Lab({ folder: plugin.folder, seed, author: file, core: options.profile === 'core' })
  return {
    plugin,
    seed,
    trials: trialsOf(CHECKS, plugin.kind, options.isolation ?? 'both'),
    get profile() {
      return lab.profile ?? 'core'
    },
    async run(trial) {
      const { check, isolation } = trial
      const { id, level } = check
      const beganMs = performance.now()
      const result = (isolation === 'worker' && silent.get(id)) || (await lab.run(trial))
      if (options.profile === 'full' && lab.profile === 'core') throw new Error(NO_PEER)
      if (silenceOf(result) !== undefined) silent.set(id, result)
      const clauses = check.clauses.map((number) => ({ number, sentence: CLAUSES[number] }))
      const outcome = { id, level, isolation, clauses, ms: performance.now() - beganMs, result }
      options.onOutcome?.(outcome)
      return outcome
    },
    close: () => lab.close(),
  }
}

/** Proves the plugin in a folder against the contract. Rejects with one sentence when it cannot be tried. */
export async function conformance(folder: string, options: ConformanceOptions = {}): Promise<Report> {
  const beganMs = performance.now()
  const run = begin(folder, options)
  const outcomes: Outcome[] = []
  try {
    for (const trial of run.trials) outcomes.push(await run.run(trial))
  } finally {
    await run.close()
  }
  const { plugin, seed, profile } = run
  return {
    plugin: { name: plugin.name, version: plugin.version, kind: plugin.kind },
    profile,
    seed,
    ms: performance.now() - beganMs,
    outcomes,
    counts: countsOf(outcomes),
    notTried: notTriedOf(outcomes),
    conforms: !outcomes.some(({ level, result }) => level === 'must' && result.status === 'failed'),
  }
}
