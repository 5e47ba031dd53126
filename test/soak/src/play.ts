import type { Outcome, Scenario, Setting } from './scenario.ts'

/** What became of one scenario. */
export interface Result extends Outcome {
  readonly name: string
  readonly seconds: number
}

/** Plays one scenario; what never happened in it is a flaw. */
export async function play(scenario: Scenario, setting: Setting): Promise<Result> {
  const start = performance.now()
  const outcome = await scenario.play(setting)
  const missing = Object.entries(outcome.done).filter(([, count]) => count === 0)
  return {
    ...outcome,
    name: scenario.name,
    seconds: (performance.now() - start) / 1000,
    flaws: [...outcome.flaws, ...missing.map(([what]) => `it never happened: ${what}`)],
  }
}
