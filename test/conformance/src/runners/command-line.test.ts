import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMutant } from '../../mutants/mutant.ts'

const COMMAND = resolve(import.meta.dirname, '../../bin/conformance.js')
const TIMEOUT_MS = 60_000

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plugin-'))
  writeMutant({ base: 'filter', changes: [] }, folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

test(
  'a plugin that conforms: exit code 0, the seed, and the reports that were asked for',
  () => {
    const file = (name: string) => join(folder, name)
    const reports = ['--json', file('r.json'), '--junit', file('r.xml'), '--badge', file('r.badge')]
    const { status, stdout } = run(folder, '--seed', '5', ...reports)
    expect(stdout).toMatch(/✓ filter\.whole.*\n[^]*conforms: \d+ passed, 0 MUST failed[^]*\nseed 5, /)
    expect(status).toBe(0)
    expect(JSON.parse(readFileSync(file('r.json'), 'utf8'))).toMatchObject({
      plugin: { name: 'base-filter', kind: 'filter' },
      profile: 'core',
      seed: 5,
      conforms: true,
    })
    expect(readFileSync(file('r.xml'), 'utf8')).toContain(
      '<testcase name="filter.whole" classname="base-filter"',
    )
    expect(JSON.parse(readFileSync(file('r.badge'), 'utf8'))).toMatchObject({
      schemaVersion: 1,
      color: 'brightgreen',
    })
  },
  TIMEOUT_MS,
)

test('the full profile of a plugin without a peer: exit code 2 and a sentence', () => {
  const { status, stdout, stderr } = run(folder, '--profile', 'full')
  expect(stderr).toContain('the full profile needs a peer: give setup in a conformance.js')
  expect({ stdout, status }).toEqual({ stdout: '', status: 2 })
})

test.each([
  ['no folder', [], 'usage: '],
  ['a folder without a plugin', [import.meta.dirname], 'there is no package.json in'],
  ['a profile that there is not', ['.', '--profile', 'half'], '--profile is core or full'],
])('%s: exit code 2 and a sentence', (_, args, sentence) => {
  const { status, stdout, stderr } = run(...args)
  expect(stdout + stderr).toContain(sentence)
  expect(status).toBe(2)
})
