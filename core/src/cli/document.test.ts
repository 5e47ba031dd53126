import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startCommand } from '../testing/command.ts'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'

const SCHEMA = `{ type: 'object', required: ['url'], properties: {
  url: { type: 'string', description: 'Where the store is.' },
  how: { enum: ['a', 'b'], default: 'a', description: 'One | or the other.' },
  key: { type: 'object', properties: { token: { type: 'string', writeOnly: true, description: 'Shown to the store.' } } },
  rules: { type: 'array', description: 'In this order.', items: { type: 'object', required: ['name'], properties: { name: { type: 'string', description: 'Whose.' } } } } } }`

async function document(folder: string, ...args: string[]) {
  const command = startCommand(['document', ...args], folder)
  return { status: await command.ended, stdout: command.stdout, stderr: command.stderr }
}

test('schema file and table are written from the code, and --check tells when they are old', async () => {
  const folder = writePlugin(join(scratch(), 'store'), 'output', {
    'package.json': {
      name: 'store',
      type: 'module',
      main: 'index.js',
      smartGateway: { api: 1, kind: 'output', options: './options.schema.json' },
    },
    'index.js': `export default { api: 1, kind: 'output', name: 'store', signals: ['log'], options: ${SCHEMA}, open() {} }`,
    'README.md': '# Store\n\n<!-- options -->\nold\n<!-- /options -->\n\nAnd more.\n',
  })
  expect(await document(folder, '--check')).toMatchObject({
    status: 1,
    stderr:
      'smart-gateway: ./options.schema.json, README.md do not say what the code says: run smart-gateway document\n',
  })
  expect(await document(folder)).toMatchObject({
    status: 0,
    stdout: 'written: ./options.schema.json, README.md\n',
  })
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe(`# Store

<!-- options -->
| option | default | |
|---|---|---|
| \`url\` | required | Where the store is. |
| \`how\` | \`"a"\` | One \\| or the other. One of \`"a"\`, \`"b"\`. |
| \`key\` |  |  |
| \`key.token\` |  | Shown to the store. A secret. |
| \`rules\` |  | In this order. |
| \`rules[].name\` | required | Whose. |
<!-- /options -->

And more.
`)
  expect(JSON.parse(readFileSync(join(folder, 'options.schema.json'), 'utf8'))).toMatchObject({
    required: ['url'],
  })
  expect(await document(folder, '--check')).toMatchObject({ status: 0 })
  writeFileSync(join(folder, 'options.schema.json'), '{}')
  expect(await document(folder, '--check')).toMatchObject({ status: 1 })
})

test('a transport has a table for its subscription too, and what is no plugin is told', async () => {
  const folder = writePlugin(join(scratch(), 'bus'), 'transport', {
    'index.js': `export default { api: 1, kind: 'transport', name: 'bus', redelivers: true, options: { type: 'object' },
      subscription: { type: 'object', properties: { queue: { type: 'string' } } }, open() {} }`,
    'README.md': '<!-- options -->\n<!-- /options -->\n<!-- subscription -->\n<!-- /subscription -->\n',
  })
  await document(folder)
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatch(/There are none\.[^]*\| `queue` \|/)
  expect(await document(scratch())).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('package.json cannot be read') as string,
  })
})
