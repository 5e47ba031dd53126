import type { RabbitMq } from '../../e2e/src/peers/rabbitmq.ts'

/** What all scenarios are given. */
export interface Setting {
  readonly broker: RabbitMq
  readonly random: () => number
  /** Whether there is time for the long form. */
  readonly full: boolean
}

/** What was done and what came of it. */
export interface Outcome {
  /** How often each thing was done: a scenario in which one of them never happened proves nothing, and fails. */
  readonly done: Readonly<Record<string, number>>
  /** What was measured, in words, one line each. */
  readonly figures: Readonly<Record<string, string>>
  /** What is wrong: something is lost, double, disturbed. */
  readonly flaws: readonly string[]
  /** Targets of speed that were missed: on a machine that others use too, that proves no fault. */
  readonly misses: readonly string[]
}

/** Something that is changed again and again while messages flow. */
export interface Scenario {
  readonly name: string
  play(setting: Setting): Promise<Outcome>
}
