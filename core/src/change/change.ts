import type { Kind } from '@smart-gateway/sdk'
import type { InstanceSpec } from '../config/configuration.ts'
import type { Code } from '../plugins/codes.ts'
import type { Step } from './plan.ts'

/** Who asked for a change. */
export type Trigger = 'start' | 'file' | 'signal' | 'api' | 'probation'

/** How far a change is. */
export type ChangeState = 'queued' | 'planning' | 'preparing' | 'cutting over' | 'done'

/**
 * How a change ended: everything as planned; some instances refused and the others changed; nothing changed because it was refused or
 * failed; nothing to do.
 */
export type Outcome = 'succeeded' | 'partly' | 'refused' | 'unchanged'

/** What becomes of one instance in a change. */
export interface StepView {
  readonly name: string
  readonly kind: Kind
  readonly does: Step['does']
  readonly why: string
  /** Absent until it is known. */
  readonly result?: 'done' | 'failed'
  /** Why it failed, or what it left where. */
  readonly note?: string
  /** The generation that works since. */
  readonly generation?: number
  readonly version?: string
}

/** A change as it is told. */
export interface ChangeView {
  readonly id: string
  readonly trigger: Trigger
  /** What was asked for, in one sentence. */
  readonly what: string
  readonly state: ChangeState
  readonly outcome?: Outcome
  readonly steps: readonly StepView[]
  /** What of the gateway itself differed, in words. */
  readonly settings: readonly string[]
  /** Why nothing could be taken from what was asked for. */
  readonly problems: readonly string[]
  /** Which change has undone a part of it, and why. */
  readonly rolledBack?: { readonly by: string; readonly evidence: string }
  readonly queuedMs: number
  readonly startedMs?: number
  readonly endedMs?: number
}

/** One step while it is carried out. */
export interface OpenStep {
  readonly step: Step
  result: 'done' | 'failed' | undefined
  done: Done
}

/** What an instance was before a change. */
export interface Former {
  readonly spec: InstanceSpec
  readonly code: Code
}

/** What a step that was done has led to. */
export interface Done {
  /** What was in its place. */
  readonly former?: Former
  readonly note?: string | undefined
  readonly generation?: number
  readonly version?: string
}

/** One change, from being asked for to its outcome. */
export class Change {
  readonly id: string
  readonly trigger: Trigger
  readonly what: string
  readonly queuedMs = Date.now()
  /** Kept when it is over, however it ended. */
  done: Promise<void> = Promise.resolve()
  steps: readonly OpenStep[] = []
  settings: readonly string[] = []
  /** Whether the gateway itself took anything. */
  tookSettings = false
  readonly problems: string[] = []
  rolledBack: ChangeView['rolledBack']
  #state: ChangeState = 'queued'
  #startedMs: number | undefined
  #endedMs: number | undefined

  constructor(id: string, trigger: Trigger, what: string) {
    this.id = id
    this.trigger = trigger
    this.what = what
  }

  get state(): ChangeState {
    return this.#state
  }

  /** Undefined until it is over. */
  get outcome(): Outcome | undefined {
    if (this.#state !== 'done') return undefined
    const wanted = this.steps.filter(({ step }) => step.does !== 'kept')
    const failed = wanted.filter(({ result }) => result !== 'done').length
    if (this.problems.length > 0 || (failed > 0 && failed === wanted.length)) return 'refused'
    if (failed > 0) return 'partly'
    return wanted.length === 0 && !this.tookSettings ? 'unchanged' : 'succeeded'
  }

  /** Takes the steps of a plan. */
  plan(steps: readonly Step[], settings: readonly string[] = []): void {
    this.settings = settings
    this.steps = steps.map((step) => {
      const result = step.does === 'refused' ? 'failed' : step.does === 'kept' ? 'done' : undefined
      return { step, result, done: {} }
    })
  }

  enter(state: Exclude<ChangeState, 'queued'>): void {
    this.#state = state
    this.#startedMs ??= Date.now()
    if (state === 'done') this.#endedMs = Date.now()
  }

  view(): ChangeView {
    return {
      id: this.id,
      trigger: this.trigger,
      what: this.what,
      state: this.#state,
      ...(this.outcome !== undefined && { outcome: this.outcome }),
      steps: this.steps.map(
        ({ step: { name, kind, does, why }, result, done: { note, former: _, ...made } }) => ({
          name,
          kind,
          does,
          why,
          ...(result !== undefined && { result }),
          ...(note !== undefined && { note }),
          ...made,
        }),
      ),
      settings: this.settings,
      problems: this.problems,
      ...(this.rolledBack !== undefined && { rolledBack: this.rolledBack }),
      queuedMs: this.queuedMs,
      ...(this.#startedMs !== undefined && { startedMs: this.#startedMs }),
      ...(this.#endedMs !== undefined && { endedMs: this.#endedMs }),
    }
  }
}
