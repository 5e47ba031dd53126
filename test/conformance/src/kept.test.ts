/** Numbers of clauses and ids of checks are kept for good: docs/versioning.md promises it. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKS } from './checks.ts'
import { CLAUSES } from './clauses.ts'

const lines = readFileSync(resolve(import.meta.dirname, '../kept.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
const retired = new Set(lines.filter((line) => line.startsWith('retired ')).map((line) => line.slice(8)))
const kept = lines.filter((line) => !line.startsWith('retired '))
const here = [
  ...Object.keys(CLAUSES).map((number) => `clause ${number}`),
  ...CHECKS.map(({ id }) => `check ${id}`),
]

/** What SDK 1.0 and its suite were released with. */
const FIRST = { lines: 199, sha256: '9b89b0fe8ec856a27a530624a60a5b13bd099f69401ca5dedda18a88783b58c3' }

test('every clause and every check stands in kept.txt', () => {
  const missing = here.filter((one) => !kept.includes(one))
  expect(missing, 'New ones: add these lines at the end of test/conformance/kept.txt.').toEqual([])
})

test('what stands in kept.txt is still there, or was retired; what was retired is not given to another', () => {
  const gone = kept.filter((one) => !here.includes(one) && !retired.has(one))
  expect(
    gone,
    'Authors name these: bring back the number or id. If it was given up on purpose, add "retired " and the line at the end of test/conformance/kept.txt.',
  ).toEqual([])
  const again = here.filter((one) => retired.has(one))
  expect(again, 'These were retired: a new one needs a number or id that was never there.').toEqual([])
  expect(
    new Set(lines).size,
    'A line stands in test/conformance/kept.txt twice: take the later one out.',
  ).toBe(lines.length)
})

test('no line of kept.txt was changed or taken out', () => {
  const first = lines.slice(0, FIRST.lines).join('\n')
  expect(
    createHash('sha256').update(first).digest('hex'),
    `The first ${FIRST.lines} lines of test/conformance/kept.txt are not what 1.0 had: put them back as git has them, and add new ones at the end only.`,
  ).toBe(FIRST.sha256)
})
