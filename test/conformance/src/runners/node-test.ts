import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { begin } from '../conformance.ts'
import type { ConformanceOptions } from '../conformance.ts'
import { nameOf, silenceOf } from '../report/report.ts'
import { line } from '../report/terminal.ts'

/** Declares one test for each check of the plugin in a folder. A SHOULD that fails is shown and fails nothing. */
export function conformanceTests(folder: string, options: ConformanceOptions = {}): void {
  const run = begin(folder, options)
  void describe(`${run.plugin.name} conforms (seed ${run.seed})`, () => {
    after(() => run.close())
    for (const trial of run.trials)
      void test(nameOf({ id: trial.check.id, isolation: trial.isolation }), async (context) => {
        const outcome = await run.run(trial)
        const { level, result } = outcome
        const silence = silenceOf(result)
        if (silence !== undefined) context.skip(silence)
        else if (level === 'should') context.diagnostic(line(outcome))
        else assert.ok(result.status === 'passed', line(outcome))
      })
  })
}
