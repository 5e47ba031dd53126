import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { conformance } from '../src/index.ts'
import { writeMutant } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** A run is the same for the same seed. */
const SEED = 7
const TIMEOUT_MS = 90_000

/** Declares one test for each mutant: it fails the checks that are declared, and no other. */
export function mutantTests(mutants: readonly Mutant[]): void {
  describe.each(mutants)('an $base that $does', ({ base, changes, fails }) => {
    test(
      `fails ${fails.join(', ')}`,
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'mutant-'))
        try {
          writeMutant({ base, changes }, folder)
          const { outcomes } = await conformance(folder, { seed: SEED })
          const failed = outcomes.filter(({ result }) => result.status === 'failed')
          expect(failed.map(({ id }) => id).toSorted()).toEqual(fails.toSorted())
        } finally {
          rmSync(folder, { recursive: true, force: true })
        }
      },
      TIMEOUT_MS,
    )
  })
}
