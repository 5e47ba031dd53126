import type { RabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import type { Stage } from './stage.ts'
import type { Store } from './store.ts'

/** How an output stands between the broker and its store. */
export type Guard = 'required' | 'optional' | 'disk'

/** One output of a scenario. */
export interface OutputPlan {
  readonly name: string
  readonly store: Store['kind']
  /** A healthy one has nothing done to it. */
  readonly healthy: boolean
  readonly guard: Guard
  /** Whether its store fails half the time while the others are harmed; there is one in the long form only. */
  readonly wavers?: boolean
  /** Further keys of `queue`, and of `options`. */
  readonly queue?: string
  readonly options?: string
}

/** What was done, and what was seen to be wrong meanwhile. */
export interface Harm {
  /** How often each thing was done: a scenario in which one of them never happened proves nothing, and fails. */
  readonly done: Readonly<Record<string, number>>
  readonly flaws?: readonly string[]
}

/** Something that breaks while lines flow. */
export interface Scenario {
  readonly name: string
  readonly outputs: readonly OutputPlan[]
  readonly perSecond?: number
  readonly lineBytes?: number
  /** Further keys of the transport's options. */
  readonly bus?: string
  readonly prefetch?: number
  /** Whether the healthy output has to keep its rate meanwhile. */
  readonly keepsRate?: boolean
  /** Whether a store may get a batch again because its answer was lost. */
  readonly lostAnswers?: boolean
  /** Why it cannot be run here, if so. */
  readonly unable?: () => string | undefined
  /** Prepares the broker; what it returns undoes that at the end. */
  readonly prepare?: (broker: RabbitMq) => Promise<() => Promise<void>>
  /** Prepares the gateway's folder; what it returns undoes that when the gateway has ended. */
  readonly before?: (folder: string) => () => void
  /** Does the harm and, where it does not pass by itself, heals it. */
  readonly harm: (stage: Stage) => Promise<Harm>
}

/** A healthy required Elasticsearch beside one that is harmed and one that fails half the time whatever is done. */
export function besideHealthy(
  harmed: Omit<OutputPlan, 'name' | 'healthy'>,
  wavering: Exclude<Guard, 'required'> = 'disk',
): readonly OutputPlan[] {
  return [
    { name: 'healthy', store: 'elasticsearch', healthy: true, guard: 'required' },
    { name: 'harmed', healthy: false, ...harmed },
    { name: 'wavering', healthy: false, store: 'loki', guard: wavering, wavers: true },
  ]
}
