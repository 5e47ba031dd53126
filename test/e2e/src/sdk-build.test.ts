/** What a plugin takes on with the SDK: its types, its size, the time that it takes. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apiText, buildSdk, entriesOf } from './sdk-build.ts'
import { readText } from './workspace.ts'

const MOST_BYTES = 4096
const MOST_MS = 10

let folder: string
beforeAll(() => void (folder = buildSdk()))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('its public types are those that were agreed on', () => {
  expect(readText('sdk/api.txt'), 'the public types changed: if that is meant, run npm run api').toBe(
    apiText(folder),
  )
})

test('the snapshot holds every entry, what they lead to, and nothing else', () => {
  const text = apiText(folder)
  for (const part of [
    'interface OutputSession',
    'function defineFilter',
    'function testContext',
    'function packedForward',
  ])
    expect(text).toContain(part)
  expect(text).not.toContain('MsgpackWriter')
  expect(text).not.toContain('/**')
})

test(`its main entry has less than ${MOST_BYTES} bytes, minified and compressed`, async () => {
  const code = await bundled('index.js')
  expect(code).toContain('retryable')
  expect(gzipSync(code).length).toBeLessThan(MOST_BYTES)
  expect(brotliCompressSync(code).length).toBeLessThan(MOST_BYTES)
})

test('no entry but that for tests imports anything beside it', async () => {
  for (const [name, file] of entriesOf()) {
    const imports = [...(await bundled(file)).matchAll(/\bfrom\s*["']([^"']+)["']/g)].map(([, one]) => one!)
    expect(
      imports.filter((one) => name !== './testing' || !isBuiltin(one)),
      name,
    ).toEqual([])
  }
})

test(`its main entry is imported in less than ${MOST_MS} ms`, () => {
  const url = pathToFileURL(join(folder, 'index.js')).href
  const code = `const t = performance.now(); await import(${JSON.stringify(url)}); console.log(performance.now() - t)`
  // The machine may have something else to do: the best of several is what the SDK itself takes.
  const times = Array.from({ length: 5 }, () =>
    Number(execFileSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' })),
  )
  expect(Math.min(...times)).toBeGreaterThan(0)
  expect(Math.min(...times)).toBeLessThan(MOST_MS)
})

async function bundled(file: string): Promise<string> {
  const bundle = await rolldown({ input: join(folder, file), external: (id) => isBuiltin(id) })
  try {
    const { output } = await bundle.generate({ minify: true })
    return output.map((chunk) => ('code' in chunk ? chunk.code : '')).join('')
  } finally {
    await bundle.close()
  }
}
