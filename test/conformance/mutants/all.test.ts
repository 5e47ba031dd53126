import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKS, conformance } from '../src/index.ts'
import { MUTANTS } from './all.ts'
import { writeMutant } from './mutant.ts'

test('every check has a mutant that fails it', () => {
  const failed = new Set(MUTANTS.flatMap(({ fails }) => fails))
  const judged = CHECKS.filter(({ level }) => level !== 'report').map(({ id }) => id)
  expect(judged.filter((id) => !failed.has(id))).toEqual([])
})

test('every failure that a mutant declares is one of a check', () => {
  const ids = new Set(CHECKS.map(({ id }) => id))
  expect(ids.size).toBe(CHECKS.length)
  expect(MUTANTS.flatMap(({ fails }) => fails).filter((id) => !ids.has(id))).toEqual([])
})

test.each(['output', 'input', 'source', 'transport', 'filter'] as const)(
  'the base that the mutants of an %s are made of fails nothing',
  async (base) => {
    const folder = mkdtempSync(join(tmpdir(), 'mutant-'))
    try {
      writeMutant({ base, changes: [] }, folder)
      const { outcomes, conforms } = await conformance(folder)
      expect(outcomes.filter(({ result }) => result.status === 'failed')).toEqual([])
      expect(conforms).toBe(true)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  60_000,
)
