import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { writeMutant } from '../mutants/mutant.ts'
import { conformance } from './conformance.ts'
import { badge } from './report/badge.ts'
import { junit } from './report/junit.ts'
import { line } from './report/terminal.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function pluginWith(author: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-'))
  folders.push(folder)
  writeMutant({ base: 'filter', changes: [] }, folder)
  writeFileSync(join(folder, 'conformance.js'), author)
  return folder
}

test('a SHOULD that its author skips is shown as such, with the reason', async () => {
  const folder = pluginWith("export default { skip: { 'package.types': 'it is plain JavaScript' } }")
  const { outcomes, conforms } = await conformance(folder)
  const outcome = outcomes.find(({ id }) => id === 'package.types')!
  expect(outcome.result).toEqual({ status: 'skipped', reason: 'it is plain JavaScript' })
  expect(line(outcome)).toContain('it is plain JavaScript')
  expect(conforms).toBe(true)
}, 60_000)

test('a MUST cannot be skipped', async () => {
  const folder = pluginWith("export default { skip: { 'filter.whole': 'no time' } }")
  const report = await conformance(folder)
  expect(report.conforms).toBe(false)
  const failed = report.outcomes.filter(({ result }) => result.status === 'failed')
  expect(failed.map(({ id }) => id)).toEqual(['filter.whole'])
  expect(line(failed[0]!)).toMatch(
    /clause: F-1: `apply` MUST .*\n.*clause: F-4: .*\n.*done: .*\n.*seen: .*MUST.*\n.*hint: /,
  )
  expect(junit(report)).toMatch(/<testcase name="filter.whole"[^>]*><failure message="it skips filter.whole/)
  expect(junit(report)).toContain('clause: F-4: Every column of the batch')
  expect(JSON.parse(JSON.stringify(failed[0]!))).toMatchObject({
    clauses: [{ number: 'F-1' }, { number: 'F-4', sentence: expect.stringContaining('Every column') }],
  })
  expect(JSON.parse(badge(report))).toMatchObject({ message: '1 failed', color: 'red' })
}, 60_000)

test('what is about fates is not run where the peer cannot tell them, and says what to do', async () => {
  const folder = pluginWith('')
  const mute = { file: 'conformance.js', from: '      fate: (text) => fates.get(text),\n', to: '' }
  writeMutant({ base: 'transport', changes: [mute] }, folder)
  const { outcomes, conforms } = await conformance(folder)
  expect(conforms).toBe(true)
  const told = outcomes.flatMap(({ id, result }) =>
    result.status === 'not-run' && result.reason.includes('give fate(text)') ? [id] : [],
  )
  expect(told).toEqual(['transport.waits', 'transport.refuses', 'transport.settles-late'])
}, 60_000)

test('a folder without a plugin is told in a sentence', async () => {
  await expect(conformance(import.meta.dirname)).rejects.toThrow('there is no package.json in')
})

test('a conformance.js that cannot be imported is told, and not tried for every check', async () => {
  const folder = pluginWith("throw new Error('no such store')")
  const { outcomes, conforms } = await conformance(folder)
  expect(conforms).toBe(false)
  const failed = outcomes.filter(({ result }) => result.status === 'failed')
  expect(failed).toHaveLength(2)
  expect(failed[0]!.result).toMatchObject({
    finding: { did: 'imported conformance.js', saw: 'it cannot be used: no such store' },
  })
}, 60_000)
