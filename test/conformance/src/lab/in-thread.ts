import { Worker } from 'node:worker_threads'
import type { Signal } from '@smart-gateway/sdk'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, until } from '../time.ts'
import { Failure } from '../finding.ts'
import { ForeignFiles } from './foreign-files.ts'

/** What a thread does with the plugin. */
export type Scenario =
  /** Imports it. */
  | { readonly scenario: 'import' }
  /** Opens it, lets it work, stops it. */
  | { readonly scenario: 'work' }
  /** Does that again and again, as often as there is time for. */
  | { readonly scenario: 'cycle' }
  /** Opens it once, and gives it as often batches of series and records that come no more. */
  | { readonly scenario: 'pass' }
  /** Lets an output write many records of these signals. */
  | { readonly scenario: 'write'; readonly signals: readonly Signal[] }

/** How often a session is opened, used and stopped: what slow ones take of the time decides. */
export const CYCLES = {
  most: 40,
  least: 8,
  budgetMs: PATIENCE.checkMs / 3,
  maxMs: PATIENCE.checkMs,
  /** Bytes that half of them may add: noise of the collector stays below it, however few they are. */
  mostGrowth: 320 * 1024,
  /** So many more halves are looked at where one added more. */
  rounds: 2,
} as const

/** A filter is given so many records of each signal a cycle; more rounds, as it may have a bound that is far. */
export const PASSING = { length: 1000, rounds: 5 } as const
/** How many records an output is given to see whether it remembers each of them. */
export const WRITES = {
  batch: 1000,
  /** Batches between two looks at the heap; fewer where they take longer than there is time. */
  most: 10,
  least: 3,
  budgetMs: 1000,
  /** Bytes that it may keep of each: an id and where it stands, but not the record. */
  mostGrowth: 120,
  /** So many more looks where it kept more: what is bounded is full by then. */
  rounds: 3,
} as const

/** What a thread is given. */
export interface ThreadData {
  readonly task: Scenario
  readonly folder: string
  readonly scratch: string
  readonly options: unknown
  readonly subscription: unknown
  readonly seed: number
}

/** What a thread tells when it is through. */
export interface ThreadNote {
  /** What the plugin left: timers, descriptors. */
  readonly left: readonly string[]
  /** What it changed in the process. */
  readonly changed: readonly string[]
  /** What its session said while it worked. */
  readonly said: readonly unknown[]
  /** Cycles, or records, over which the heap was looked at; 0 where they would have taken too long. */
  readonly cycles: number
  /** Bytes by which it grew over them. */
  readonly growth: number
  /** Why it did not work at all. */
  readonly failed?: { readonly message: string; readonly code?: string }
}

/** What is seen of a thread from without. */
export interface Afterwards {
  /** Whether it ended by itself. */
  readonly ended: boolean
  /** Files that were written meanwhile where a plugin has no business. */
  readonly written: readonly string[]
}

/** What it tells as it comes. */
export interface ThreadStray {
  /** Thrown where nobody catches it. */
  readonly stray: string
}

const IS_SOURCE = import.meta.filename.endsWith('.ts')

/** Lets a thread of its own do something with the plugin, with the usual options unless others are given. */
export async function inThread(
  subject: Subject,
  task: Scenario,
  given?: Readonly<Record<string, unknown>>,
): Promise<ThreadNote & Afterwards> {
  const works = task.scenario !== 'import'
  const { definition } = subject
  const data: ThreadData = {
    task,
    folder: subject.plugin.folder,
    scratch: subject.folder,
    options: works ? subject.valid(definition.options, given ?? (await subject.options())) : undefined,
    subscription: works ? await subject.subscription() : undefined,
    seed: subject.seed,
  }
  const files = new ForeignFiles(subject.folder, subject.plugin.folder, [data.options, data.subscription])
  const worker = new Worker(new URL(IS_SOURCE ? './thread.ts' : './thread.js', import.meta.url), {
    workerData: data,
    env: { ...process.env, TMPDIR: files.temporary },
  })
  let note: ThreadNote | undefined
  let thrown: Error | undefined
  let ended = false
  worker.on('message', (told: ThreadNote | ThreadStray) => {
    if ('stray' in told) subject.stray(told.stray)
    else note = told
  })
  worker.on('error', (error: Error) => (thrown = error))
  worker.on('exit', () => (ended = true))
  // What opens or stops slowly inline does so here, twice before it is known how many cycles there will be.
  const rounds = task.scenario === 'pass' ? PASSING.rounds : CYCLES.rounds
  const cyclesMs = ['cycle', 'pass'].includes(task.scenario) ? CYCLES.maxMs + rounds * CYCLES.budgetMs : 0
  const limitMs = PATIENCE.checkMs + cyclesMs + 3 * subject.paceMs
  await until(() => note !== undefined || ended, limitMs)
  await until(() => ended, PATIENCE.leaveMs)
  const byItself = ended
  await worker.terminate()
  if (note !== undefined && thrown === undefined) return { ...note, ended: byItself, written: files.changed }
  throw new Failure({
    did: 'ran it in a thread',
    saw:
      thrown === undefined
        ? `the thread did not come to an end of its work within ${Math.round(limitMs / 1000)} s`
        : `the thread ended: ${thrown.message}`,
    hint: 'In a thread nothing may end the process.',
  })
}
