import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { code, writeMutant } from '../../mutants/mutant.ts'

const RUNNER = resolve(import.meta.dirname, 'node-test.ts')

test('node:test has one test for each check, and fails where a MUST does', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-'))
  try {
    const changes = [code('length: kept.length', 'length: batch.length')]
    writeMutant({ base: 'filter', changes }, folder)
    writeFileSync(
      join(folder, 'it.mjs'),
      `import { conformanceTests } from ${JSON.stringify(RUNNER)}\nconformanceTests(import.meta.dirname)\n`,
    )
    const args = ['--conditions=@smart-gateway/source', '--test-reporter=tap', join(folder, 'it.mjs')]
    const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(stdout).toMatch(/\n *not ok \d+ - filter\.whole/)
    expect(stdout).toMatch(/\n *ok \d+ - filter\.deterministic/)
    expect(status).toBe(1)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)
