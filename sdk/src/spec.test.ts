/** The form of SPEC.md, which the conformance suite reads its checks from. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const text = readFileSync(join(import.meta.dirname, '../SPEC.md'), 'utf8')
const sections = text.split(/^## /m).slice(1)
const clauses = [...text.matchAll(/^- \*\*([A-Z]-\d+)\*\* (.+)\n {2}Checks: (.+)$/gm)].map(
  ([, id, sentence, checks]) => ({ id: id!, sentence: sentence!, checks: checks!.split(', ') }),
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

test("a check's name begins with its section's word, and stands once", () => {
  const named = sections.flatMap((section) => {
    const word = section.split('\n')[0]!.toLowerCase()
    const checks = [...section.matchAll(/^ {2}Checks: (.+)$/gm)].flatMap(([, list]) => list!.split(', '))
    const names = checks.filter((name) => name !== 'none')
    const form = new RegExp(`^${word}(?:-[a-z]+)+$`)
    expect(names.filter((name) => !form.test(name))).toEqual([])
    return names
  })
  expect(named.length).toBeGreaterThan(80)
  expect(named.filter((name, i) => named.indexOf(name) !== i)).toEqual([])
})
