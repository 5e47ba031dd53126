import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { CHECKS, conformance, line } from '../src/index.ts'
import type { Outcome } from '../src/index.ts'
import { isThreaded } from '../src/isolation.ts'
import { nameOf } from '../src/report/report.ts'
import { tellsOfReading } from '../src/work/named-files.ts'
import { MUTANTS } from './all.ts'
import { writeMutant } from './mutant.ts'
import type { Mutant } from './mutant.ts'

const scratch = mkdtempSync(join(tmpdir(), 'mutants-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
const readsAreTold = tellsOfReading(scratch)

/** A run is the same for the same seed. */
const SEED = 7
const TIMEOUT_MS = 120_000

// What clauses grant to open, 30 s, would be waited for with each plugin that hangs there.
process.env['CONFORMANCE_OWN_TEST_GRANT_MS'] = '4000'

test('every check has a mutant that fails it', () => {
  const failed = new Set(MUTANTS.flatMap(({ fails }) => fails))
  const judged = CHECKS.filter(({ level }) => level !== 'report').map(({ id }) => id)
  expect(judged.filter((id) => !failed.has(id))).toEqual([])
})

test('every check that is tried in a thread has a mutant that fails it there', () => {
  const failed = new Set(MUTANTS.flatMap(({ failsInThread = [] }) => failsInThread))
  const threaded = CHECKS.filter(({ kinds }) => kinds.includes('input') || kinds.includes('output'))
    .filter(isThreaded)
    .map(({ id }) => id)
  expect(threaded.filter((id) => !failed.has(id))).toEqual([])
})

test('every failure that a mutant declares is one of a check', () => {
  const ids = new Set(CHECKS.map(({ id }) => id))
  expect(ids.size).toBe(CHECKS.length)
  expect(MUTANTS.flatMap(({ fails }) => fails).filter((id) => !ids.has(id))).toEqual([])
})

// Each runs in processes of its own, and waits half of the time: as many at once as vitest.config.ts says.
describe.concurrent('run against all checks', () => {
  test.for(['output', 'input', 'source', 'transport', 'listener', 'filter'] as const)(
    'the base that the mutants of an %s are made of fails nothing',
    { timeout: TIMEOUT_MS },
    async (base, { expect: expectHere }) => {
      expectHere(said(await failuresOf({ base, changes: [] }))).toBe('')
    },
  )

  test.for(MUTANTS)(
    'an $base that $does fails what it has to, and nothing else',
    { timeout: TIMEOUT_MS },
    async ({ base, changes, fails, failsInThread }, { expect: expectHere, skip }) => {
      skip(
        !readsAreTold && fails.includes('options.missing-files'),
        'the file system does not tell what is read',
      )
      const failures = await failuresOf({ base, changes }, failsInThread === undefined ? 'inline' : 'both')
      const wanted = [...fails, ...(failsInThread ?? []).map((id) => nameOf({ id, isolation: 'worker' }))]
      expectHere(failures.map(nameOf).toSorted(), said(failures)).toEqual(wanted.toSorted())
    },
  )
})

async function failuresOf(
  mutant: Pick<Mutant, 'base' | 'changes'>,
  isolation: 'inline' | 'both' = 'both',
): Promise<readonly Outcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mutant-'))
  try {
    writeMutant(mutant, folder)
    const { outcomes } = await conformance(folder, { seed: SEED, isolation })
    return outcomes.filter(({ result }) => result.status === 'failed')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function said(failures: readonly Outcome[]): string {
  return failures.map(line).join('\n')
}
