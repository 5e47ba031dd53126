import { code } from './mutant.ts'
import type { Change, Mutant } from './mutant.ts'

/** An output with an option, in its schema and in the file of that. */
function withOption(name: string, schema: object): readonly Change[] {
  const text = `${JSON.stringify(name)}: ${JSON.stringify(schema)}`
  return [
    code("      timeoutMs: { type: 'integer'", `      ${text},\n      timeoutMs: { type: 'integer'`),
    { file: 'options.schema.json', from: '"timeoutMs"', to: `${text},\n    "timeoutMs"` },
  ]
}

const CA = { type: 'string', format: 'file', description: 'PEM file of those who vouch for the store.' }
const TLS = { type: 'object', additionalProperties: false, description: 'For https.', properties: { ca: CA } }

/** An output that reads the certificate of those who vouch for its store when it opens. */
function readingCa(read: string): readonly Change[] {
  return [
    ...withOption('tls', TLS),
    code(
      "import { Agent, request } from 'node:http'",
      "import { readFile } from 'node:fs/promises'\nimport { Agent, request } from 'node:http'",
    ),
    code(
      '    const agent = new Agent({ keepAlive: true })\n',
      `    const file = options.tls?.ca\n    const ca = file && (await ${read})\n    const agent = new Agent({ keepAlive: true, ca })\n`,
    ),
  ]
}

/** Files that options name. */
export const OF_FILES: readonly Mutant[] = [
  {
    does: 'names the file of a certificate as if it were any text',
    base: 'output',
    changes: withOption('caFile', { type: 'string', description: 'Who vouches for the store.' }),
    fails: ['options.files'],
  },
  {
    does: 'says only in words that a key within an option is a file',
    base: 'output',
    changes: withOption('tls', {
      type: 'object',
      additionalProperties: false,
      description: 'For https.',
      properties: { key: { type: 'string', description: 'The file with the private key.' } },
    }),
    fails: ['options.files'],
  },
  {
    does: 'goes without a certificate that is not there',
    base: 'output',
    changes: readingCa('readFile(file).catch(() => undefined)'),
    fails: ['options.missing-files'],
  },
  {
    does: 'does not say which file is not there',
    base: 'output',
    changes: readingCa(
      "readFile(file).catch(() => Promise.reject(failure('the options cannot be used', false)))",
    ),
    fails: ['options.missing-files'],
  },
  {
    does: 'waits for a certificate that is not there until it is',
    base: 'output',
    changes: readingCa(
      "readFile(file).catch(() => new Promise((_, reject) => signal.addEventListener('abort', reject)))",
    ),
    fails: ['options.missing-files'],
  },
  {
    does: 'reads its key only when it filters',
    base: 'filter',
    changes: [
      code('/** Leaves out', "import { readFileSync } from 'node:fs'\n\n/** Leaves out"),
      code(
        'properties: {} }',
        `properties: { key: ${JSON.stringify({ ...CA, description: 'Of names.' })} } }`,
      ),
      code('open: () => ({', 'open: ({ options }) => ({'),
      code('    apply(batch) {\n', '    apply(batch) {\n      if (options.key) readFileSync(options.key)\n'),
    ],
    fails: ['options.missing-files', 'filter.defaults'],
  },
]
