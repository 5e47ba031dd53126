import { Worker } from 'node:worker_threads'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, until } from '../time.ts'
import { Failure } from '../finding.ts'

/** What a thread does with the plugin. */
export type Scenario =
  /** Imports it. */
  | { readonly scenario: 'import' }
  /** Opens it, lets it work, stops it. */
  | { readonly scenario: 'work' }
  /** Does that again and again. */
  | { readonly scenario: 'cycle'; readonly cycles: number }

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
  /** Bytes by which the heap grew with each cycle. */
  readonly growth: number
  /** Why it did not work at all. */
  readonly failed?: { readonly message: string; readonly code?: string }
}

const IS_SOURCE = import.meta.filename.endsWith('.ts')

/** Lets a thread of its own do something with the plugin; `ended` says whether the thread ended by itself then. */
export async function inThread(
  subject: Subject,
  task: Scenario,
): Promise<ThreadNote & { readonly ended: boolean }> {
  const works = task.scenario !== 'import'
  const { definition } = subject
  const data: ThreadData = {
    task,
    folder: subject.plugin.folder,
    scratch: subject.folder,
    options: works ? subject.valid(definition.options, await subject.options()) : undefined,
    subscription: works ? await subject.subscription() : undefined,
    seed: subject.seed,
  }
  const worker = new Worker(new URL(IS_SOURCE ? './thread.ts' : './thread.js', import.meta.url), {
    workerData: data,
  })
  let note: ThreadNote | undefined
  let thrown: Error | undefined
  let ended = false
  worker.on('message', (told: ThreadNote) => (note = told))
  worker.on('error', (error: Error) => (thrown = error))
  worker.on('exit', () => (ended = true))
  await until(() => note !== undefined || ended, PATIENCE.checkMs / 2)
  await until(() => ended, PATIENCE.leaveMs)
  const byItself = ended
  await worker.terminate()
  if (note !== undefined && thrown === undefined) return { ...note, ended: byItself }
  throw new Failure({
    did: 'ran it in a thread',
    saw:
      thrown === undefined
        ? 'the thread never came to an end of its work'
        : `the thread ended: ${thrown.message}`,
    hint: 'In a thread nothing may end the process, or throw where nobody catches it.',
  })
}
