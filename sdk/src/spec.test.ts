/** The form of SPEC.md: the conformance suite takes its clauses from it, and holds that its checks stand there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const text = readFileSync(join(import.meta.dirname, '../SPEC.md'), 'utf8')
const sections = text.split(/^## /m).slice(1)
const clauses = [...text.matchAll(/^- \*\*([A-Z]-\d+)\*\* (.+)\n {2}Checks: (.+)$/gm)].map(
  ([, id, sentence, checks]) => ({ id: id!, sentence: sentence!, checks: checks! }),
)

test('every clause has a number, what it asks for and its checks', () => {
  expect(clauses.length).toBe(text.match(/^- /gm)!.length)
  expect(clauses.length).toBe(text.match(/^ {2}Checks: /gm)!.length)
  expect(clauses.filter(({ sentence }) => !/\b(?:MUST|SHOULD)\b/.test(sentence))).toEqual([])
})

test('each section has a letter of its own and counts its clauses from 1', () => {
  const letters = sections.map((section) => {
    const ids = [...section.matchAll(/^- \*\*([A-Z])-(\d+)/gm)]
    const letter = ids[0]?.[1]
    expect(ids.map(([, one, number]) => `${one}-${number}`)).toEqual(ids.map((_, i) => `${letter}-${i + 1}`))
    return letter
  })
  expect(letters).toEqual(['P', 'C', 'L', 'T', 'I', 'F', 'O', 'E', 'S', 'W'])
})

test('what stands below a clause is a list of checks, or none and why', () => {
  const list = /^[a-z]+\.[a-z-]+(?:, [a-z]+\.[a-z-]+)*$/
  const none = /^none \([^()]+\)$/
  expect(clauses.filter(({ checks }) => !list.test(checks) && !none.test(checks))).toEqual([])
})

test('most clauses that say MUST have a check', () => {
  const musts = clauses.filter(({ sentence }) => sentence.includes('MUST'))
  const without = musts.filter(({ checks }) => checks.startsWith('none'))
  expect(without.length).toBeLessThan(musts.length / 5)
})
