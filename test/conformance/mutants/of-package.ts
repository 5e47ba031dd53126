import { code, manifest } from './mutant.ts'
import type { Mutant } from './mutant.ts'

const NO_OPTIONS = "options: { type: 'object', additionalProperties: false, properties: {} },"

/** Put together, so that this file itself imports nothing of the kind. */
const FOREIGN = "'left-pad'"

function options(text: string) {
  return code(NO_OPTIONS, `options: ${text},`)
}

/** Broken packages and options. */
export const OF_PACKAGE: readonly Mutant[] = [
  {
    does: 'speaks another api',
    base: 'input',
    changes: [manifest('"api": 1', '"api": 2')],
    fails: ['package.manifest'],
  },
  {
    does: 'exports a module that does not exist',
    base: 'input',
    changes: [
      manifest('"default": "./index.js"', '"default": "./gone.js"'),
      { file: 'index.js', gone: true },
    ],
    fails: ['package.exports', 'package.definition'],
  },
  {
    does: 'defines another kind than its manifest says',
    base: 'input',
    changes: [code("kind: 'input'", "kind: 'output'")],
    fails: ['package.definition'],
  },
  {
    does: 'has a function in its definition',
    base: 'input',
    changes: [code("name: 'base',", "name: 'base',\n  describe: () => 'base',")],
    fails: ['package.plain-definition'],
  },
  {
    does: 'has an old schema file',
    base: 'output',
    changes: [{ file: 'options.schema.json', from: '"timeoutMs"', to: '"timeout"' }],
    fails: ['package.schema-file'],
  },
  {
    does: 'names no types',
    base: 'input',
    changes: [manifest('"types": "./index.d.ts",', '')],
    fails: ['package.types'],
  },
  {
    does: 'cannot be found by its keyword',
    base: 'input',
    changes: [manifest('smart-gateway-plugin', 'telemetry')],
    fails: ['package.keyword'],
  },
  {
    does: 'runs a script when it is installed',
    base: 'input',
    changes: [
      manifest('"type": "module"', '"scripts": { "postinstall": "node index.js" },\n  "type": "module"'),
    ],
    fails: ['package.no-install-script'],
  },
  {
    does: 'imports what it does not declare',
    base: 'input',
    changes: [
      code(
        'function parse(text) {',
        `export const lazy = () => import(${FOREIGN})\n\nfunction parse(text) {`,
      ),
    ],
    fails: ['package.declared'],
  },
  {
    does: 'was built, and imports what it does not declare from what was built',
    base: 'input',
    changes: [
      manifest('"default": "./index.js"', '"default": "./dist/index.js"'),
      { file: 'dist/index.js', text: "import './lines.js'\nexport { default } from '../index.js'\n" },
      { file: 'dist/lines.js', text: `export const lazy = () => import(${FOREIGN})\n` },
    ],
    fails: ['package.declared'],
  },
  {
    does: 'declares a package as a path',
    base: 'input',
    changes: [
      manifest(
        '"type": "module"',
        '"optionalDependencies": { "lines": "file:../lines" },\n  "type": "module"',
      ),
    ],
    fails: ['package.declared'],
  },
  {
    does: 'starts a timer when it is imported',
    base: 'input',
    changes: [
      code('function parse(text) {', 'setInterval(() => undefined, 60_000)\n\nfunction parse(text) {'),
    ],
    fails: ['package.import-quiet', 'leaks.thread-ends', 'leaks.handles'],
  },
  {
    does: 'has a schema for no object',
    base: 'input',
    changes: [options('{ additionalProperties: false, properties: {} }')],
    fails: ['options.schema'],
  },
  {
    does: 'has a default that its own schema refuses',
    base: 'input',
    changes: [
      options(`{ type: 'object', additionalProperties: false, properties: { list: { type: 'array', description: 'x',
        items: { type: 'object', additionalProperties: false, properties: { size: { type: 'integer', minimum: 5, default: 1 } } } } } }`),
    ],
    fails: ['options.defaults'],
  },
  {
    does: 'takes options that nobody knows',
    base: 'input',
    changes: [options("{ type: 'object', properties: {} }")],
    fails: ['options.unknown-keys'],
  },
  {
    does: 'takes an option of any type',
    base: 'input',
    changes: [
      options(
        "{ type: 'object', additionalProperties: false, properties: { size: { description: 'How much.' } } }",
      ),
    ],
    fails: ['options.types'],
  },
  {
    does: 'takes an option of any type within the items of a list',
    base: 'input',
    changes: [
      options(`{ type: 'object', additionalProperties: false, properties: { rules: { type: 'array', description: 'x',
        items: { type: 'object', additionalProperties: false, properties: { limit: {} } } } } }`),
    ],
    fails: ['options.types'],
  },
  {
    does: 'takes keys that nobody knows within an option',
    base: 'input',
    changes: [
      options(`{ type: 'object', additionalProperties: false, properties: { tls: { type: 'object', description: 'x',
        properties: { ca: { type: 'string' } } } } }`),
    ],
    fails: ['options.unknown-keys'],
  },
  {
    does: 'has an option that nothing describes',
    base: 'input',
    changes: [
      options("{ type: 'object', additionalProperties: false, properties: { size: { type: 'integer' } } }"),
    ],
    fails: ['options.described'],
  },
  {
    does: 'changes its options',
    base: 'input',
    changes: [code('  open({ series }) {\n', '  open({ series, options }) {\n    options.size ??= 1\n')],
    fails: ['options.unchanged'],
  },
  {
    does: 'has a password that is not marked',
    base: 'input',
    changes: [
      options(
        "{ type: 'object', additionalProperties: false, properties: { password: { type: 'string', description: 'It.' } } }",
      ),
    ],
    fails: ['options.secrets-marked'],
  },
  {
    does: 'logs its password',
    base: 'output',
    changes: [code('log.info(`writes to ${options.url}`)', "log.info({ options }, 'opens')")],
    fails: ['options.secrets-hidden'],
  },
  {
    does: 'shows its password in an error',
    base: 'output',
    changes: [
      code(
        "failure('the store cannot be reached', true, { cause })",
        'failure(`the store cannot be reached with ${token}`, true, { cause })',
      ),
    ],
    fails: ['options.secrets-hidden', 'errors.secrets-hidden'],
  },
  {
    does: 'has native code for some systems',
    base: 'input',
    changes: [{ file: 'prebuilds/linux-x64/lines.node', text: 'no code' }],
    fails: ['package.no-native'],
  },
  {
    does: 'depends on a package that depends on native code where it can be built',
    base: 'input',
    changes: [
      manifest('"type": "module"', '"dependencies": { "lines": "1.0.0" },\n  "type": "module"'),
      {
        file: 'node_modules/lines/package.json',
        text: '{ "name": "lines", "optionalDependencies": { "quick": "1", "elsewhere": "1" } }',
      },
      { file: 'node_modules/lines/node_modules/quick/package.json', text: '{ "name": "quick" }' },
      { file: 'node_modules/lines/node_modules/quick/binding.gyp', text: '{}' },
    ],
    fails: ['package.no-native'],
  },
]
