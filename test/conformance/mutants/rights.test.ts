import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { begin } from '../src/conformance.ts'
import { line } from '../src/report/terminal.ts'
import { writeMutant } from './mutant.ts'
import { RIGHTS } from './rights.ts'
import type { Right } from './rights.ts'

const SEED = 7
const TIMEOUT_MS = 240_000

function profilesFor({ base, checks }: Right): readonly ('core' | 'full')[] {
  // Of these no check needs a peer.
  if (base === 'filter' || base === 'input') return ['core']
  return checks === undefined ? ['core', 'full'] : ['full']
}

// Each waits most of the time.
describe.concurrent('no check finds anything in', () => {
  const cases = RIGHTS.flatMap((right) => profilesFor(right).map((profile) => ({ ...right, profile })))

  test.for(cases)(
    'an $base that $does, $profile profile',
    { timeout: TIMEOUT_MS },
    async ({ checks, profile, ...right }, { expect }) => {
      const folder = mkdtempSync(join(tmpdir(), 'right-'))
      const failures: string[] = []
      try {
        writeMutant(right, folder)
        const run = begin(folder, { seed: SEED, profile })
        for (const trial of run.trials) {
          if (checks !== undefined && !checks.includes(trial.check.id)) continue
          const outcome = await run.run(trial)
          if (outcome.result.status === 'failed') failures.push(line(outcome))
        }
        await run.close()
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
      expect(failures.join('\n')).toBe('')
    },
  )
})
