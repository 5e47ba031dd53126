import { expect, test } from 'vitest'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { importDefinition } from './definition.ts'
import { readManifest } from './manifest.ts'

const DEFINITION = `{ api: 1, kind: 'output', name: 'x', signals: ['log'], options: {}, open() {} }`

/** Imports a plugin whose module is this text. */
async function imported(text: string): Promise<unknown> {
  const folder = writePlugin(scratch(), 'output', { 'index.js': text })
  return await importDefinition(readManifest(folder, 'output'))
}

test('a module that exports a definition of the promised kind is taken', async () => {
  expect(await imported(`export default ${DEFINITION}`)).toMatchObject({ kind: 'output', name: 'x' })
})

test.each([
  ['exports nothing', '', 'has no default export that is a definition'],
  ['exports null', 'export default null', 'has no default export that is a definition'],
  [
    'is of another api',
    `export default { ...${DEFINITION}, api: 2 }`,
    'is defined for plugin api 2, this gateway speaks 1',
  ],
  [
    'is of another kind',
    `export default { ...${DEFINITION}, kind: 'input' }`,
    'is defined as "input", its manifest says "output"',
  ],
  ['has no name', `export default { ...${DEFINITION}, name: '' }`, 'has a definition without a name'],
  [
    'cannot open',
    `export default { ...${DEFINITION}, open: 1 }`,
    'has a definition without an open function',
  ],
  [
    'has no schema',
    `export default { ...${DEFINITION}, options: null }`,
    'has a definition without an options schema',
  ],
  [
    'knows a signal that there is not',
    `export default { ...${DEFINITION}, signals: ['metrics'] }`,
    'has a definition without signals: a list of metric, event and log, at least one',
  ],
  [
    'has an example that is none',
    `export default { ...${DEFINITION}, example: null }`,
    'has an example that is not { contentType, body }, two texts',
  ],
  [
    'has no signals',
    `export default { ...${DEFINITION}, signals: 'log' }`,
    'has a definition without signals: a list of metric, event and log, at least one',
  ],
])('a module that %s is refused', async (_, text, flaw) => {
  await expect(imported(text)).rejects.toMatchObject({
    code: 'SG_DEFINITION_INVALID',
    message: `test-output ${flaw}`,
  })
})

test.each([
  ['that throws', `throw new Error('no')`],
  ['with a mistake in its syntax', 'export default {'],
  ['that imports what is not installed', `import 'not-installed-anywhere'`],
])('a module %s is told with its reason', async (_, text) => {
  await expect(imported(text)).rejects.toMatchObject({
    code: 'SG_IMPORT_FAILED',
    cause: expect.any(Error) as Error,
  })
})
