import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from './gateway-process.ts'

/** A plugin as a stranger writes it, in a folder that knows nothing of the workspace. */
const STRANGER = `
import { defineFilter, defineInput, defineOutput, defineTransport, permanent, retryable } from '@smart-gateway/sdk'
import type { Batch, EventRecord, FilterSession, Series } from '@smart-gateway/sdk'
import { packedForward } from '@smart-gateway/sdk/encode/fluent'
import { jsonEncoder } from '@smart-gateway/sdk/encode/json'
import { statsdEncoder } from '@smart-gateway/sdk/encode/statsd'
import { globMatcher } from '@smart-gateway/sdk/glob'
import { metricBatch, testContext, testSink } from '@smart-gateway/sdk/testing'

export const output = defineOutput({
  name: 'stranger',
  signals: ['metric'],
  options: { type: 'object', required: ['url'], properties: { url: { type: 'string' }, port: { type: 'integer', default: 1 } } },
  open({ options }) {
    const url: string = options.url
    const port: number = options.port
    return { address: url + port, async write(batch) { if (batch.values.length === 0) throw retryable('empty') } }
  },
})
export const filter = defineFilter({
  name: 'stranger',
  options: { type: 'object', properties: { match: { type: 'string', default: '*' } } },
  open({ options }) {
    const matches = globMatcher(options.match)
    return { apply: (batch) => (batch.signal === 'metric' && !batch.series.every(({ name }) => matches(name)) ? metricBatch([]) : batch) }
  },
})
export const encoders = [jsonEncoder(), statsdEncoder(), packedForward]
// @ts-expect-error: a definition needs a name
defineInput({ signals: ['log'], options: { type: 'object' }, open: () => ({}) })
export const kinds: [Batch?, EventRecord?, FilterSession?, Series?] = []
console.log(JSON.stringify([output.kind, filter.kind, encoders.length, output.api, permanent('no').retryable, metricBatch([]).length, testSink().samples.length, testContext({}).name, typeof defineTransport]))
`

describe('what npm pack would publish of the SDK', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pack-'))
    const [tarball] = pack('sdk')
    const installed = join(folder, 'node_modules/@smart-gateway/sdk')
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['-xzf', tarball!, '--strip-components=1', '-C', installed])
    symlinkSync(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'))
    symlinkSync(join(ROOT, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'stranger.ts'), STRANGER)
  }, 60_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('types a plugin from outside, strictly and with every library checked', () => {
    const flags = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      'node',
    ]
    expect(run(join(ROOT, 'node_modules/.bin/tsc'), [...flags, 'stranger.ts'])).toBe('')
  }, 60_000)

  test('runs from outside', () => {
    expect(JSON.parse(run(process.execPath, ['stranger.js']))).toEqual([
      'output',
      'filter',
      3,
      1,
      false,
      0,
      0,
      'test',
      'function',
    ])
  })

  test('has its licence, no dependency and no script that runs when it is installed', () => {
    const manifest = JSON.parse(
      readFileSync(join(folder, 'node_modules/@smart-gateway/sdk/package.json'), 'utf8'),
    ) as Record<string, unknown>
    expect(manifest['dependencies']).toBeUndefined()
    expect(Object.keys(manifest['scripts'] as object)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/install|prepare$/)]),
    )
    expect(existsSync(join(folder, 'node_modules/@smart-gateway/sdk/LICENSE'))).toBe(true)
  })

  function run(command: string, args: readonly string[]): string {
    try {
      return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
    } catch (error) {
      return (error as { stdout: string }).stdout
    }
  }

  function pack(workspace: string): string[] {
    const output = execFileSync(
      'npm',
      ['pack', '--silent', '--workspace', workspace, '--pack-destination', folder],
      { cwd: ROOT, encoding: 'utf8' },
    )
    return output
      .trim()
      .split('\n')
      .slice(-1)
      .map((name) => join(folder, name))
  }
})
