import { begin } from '../conformance.ts'
import type { ConformanceOptions } from '../conformance.ts'
import { nameOf, silenceOf } from '../report/report.ts'
import { line } from '../report/terminal.ts'

/** What is needed of vitest. It is handed in, so that the suite depends on no version of it. */
export interface Vitest {
  describe(name: string, declare: () => void): unknown
  test(
    name: string,
    run: (context: { skip(reason?: string): void }) => Promise<void>,
    timeoutMs: number,
  ): unknown
  afterAll(end: () => Promise<void>): unknown
}

/** Longer than any check may take. */
const TIMEOUT_MS = 60_000

/** Declares one test for each check of the plugin in a folder. A SHOULD that fails is shown and fails nothing. */
export function conformanceTests(vitest: Vitest, folder: string, options: ConformanceOptions = {}): void {
  const run = begin(folder, options)
  vitest.describe(`${run.plugin.name} (seed ${run.seed})`, () => {
    vitest.afterAll(() => run.close())
    for (const trial of run.trials)
      vitest.test(
        nameOf({ id: trial.check.id, isolation: trial.isolation }),
        async ({ skip }) => {
          const outcome = await run.run(trial)
          const { level, result } = outcome
          const silence = silenceOf(result)
          if (silence !== undefined) return skip(silence)
          if (result.status === 'passed') return
          if (level === 'must') throw new Error(line(outcome))
          console.warn(line(outcome))
        },
        TIMEOUT_MS,
      )
  })
}
