/** SPEC.md of the SDK and the checks name each other. */
import { expect, test } from 'vitest'
import { specClauses } from '../../e2e/src/clauses.ts'
import { CHECKS } from './checks.ts'
import { CLAUSES } from './clauses.ts'

const judged = CHECKS.filter(({ level }) => level !== 'report')
const listed = specClauses()

test('every clause names the checks that hold it', () => {
  expect(listed.length).toBeGreaterThan(100)
  expect(listed.filter(({ checks }) => checks.length === 0)).toEqual([])
})

test('every check stands at each clause that it names, and at no other', () => {
  const named = judged.flatMap(({ id, clauses }) => clauses.map((number) => `${number} ${id}`))
  const standing = listed.flatMap(({ number, checks }) => checks.map((id) => `${number} ${id}`))
  expect(standing.toSorted()).toEqual(named.toSorted())
  expect(judged.filter(({ clauses }) => clauses.length === 0)).toEqual([])
})

test('a MUST is a check of clauses that say MUST, a SHOULD of clauses that say SHOULD', () => {
  const astray = judged.flatMap(({ id, level, clauses }) =>
    clauses
      .filter((number) => !CLAUSES[number].includes(level.toUpperCase()))
      .map((number) => `${id} (${level}): ${number}`),
  )
  expect(astray).toEqual([])
})
