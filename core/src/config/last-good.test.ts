import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { readLastGood, writeLastGood } from './last-good.ts'
import { loadConfiguration } from './load.ts'
import { readConfiguration } from './reading.ts'

const ENVIRONMENT = { PORT: '8471', TOKEN: 'a token of some length' }

test('what was good comes back as it was: references stay references, and are typed as they were', async () => {
  const folder = scratch()
  writePlugin(join(folder, 'x'), 'output', { 'index.js': '' })
  const file = join(folder, 'startup.yaml')
  writeFileSync(
    file,
    `
gateway:
  admin:
    port: \${PORT}
    token: "\${TOKEN}"
outputs:
  x: { plugin: ./x, options: { a: "$\${no}", b: 0x10 } }
`,
  )
  const { raw } = readConfiguration({ file }, ENVIRONMENT)
  const path = join(folder, 'state/last-good.json')
  const pins = { x: { plugin: './x', number: 3, installed: 'abc' } }
  await writeLastGood(path, { raw, pins })
  const { lastGood } = readLastGood(path)
  expect(lastGood?.pins).toEqual(pins)
  expect(JSON.stringify(lastGood)).not.toContain('a token of')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const again = loadConfiguration({ config: lastGood!.raw, folder }, ENVIRONMENT)
  expect(again).toEqual(loadConfiguration({ file }, ENVIRONMENT))
  expect(again.gateway.admin).toMatchObject({ port: 8471, token: 'a token of some length' })
})

test.each([
  ['no JSON', '{', /cannot be read/],
  ['something else', '{"raw":[]}', /does not hold what a gateway leaves there/],
  ['pins that are none', '{"raw":{},"pins":{"x":5}}', /does not hold what a gateway leaves there/],
])('a file that holds %s is not used, and that is said', (_, text, reason) => {
  const path = join(scratch(), 'last-good.json')
  writeFileSync(path, text)
  expect(readLastGood(path)).toEqual({ lastGood: undefined, reason: expect.stringMatching(reason) as string })
  expect(readLastGood(`${path}.none`)).toEqual({ lastGood: undefined, reason: undefined })
})
