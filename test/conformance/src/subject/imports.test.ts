import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { importedPackages } from './imports.ts'
import { readPackage } from './plugin-package.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function importsOf(files: Readonly<Record<string, string>>, manifest: object = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-'))
  folders.push(folder)
  const json = { name: 'mine', exports: './index.js', smartGateway: { api: 1, kind: 'input' }, ...manifest }
  for (const [file, text] of Object.entries({ ...files, 'package.json': JSON.stringify(json) })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    // This file itself imports nothing of the kind.
    writeFileSync(join(folder, file), text.replaceAll("load('", "import('"))
  }
  return Object.fromEntries(importedPackages(readPackage(folder)))
}

test.each<[string, string, string[]]>([
  ['a statement', `import a from 'alpha'`, ['alpha']],
  ['several lines', `import {\n  a,\n  b as c,\n} from "@scope/alpha/deep"`, ['@scope/alpha']],
  ['for its effects', `import 'alpha'`, ['alpha']],
  ['handed on', `export * from 'alpha'; export { b } from 'beta'`, ['alpha', 'beta']],
  [
    'minified',
    `import{a as b}from"alpha";import c,*as d from"beta";export{b}from"gamma"`,
    ['alpha', 'beta', 'gamma'],
  ],
  ['only when it is needed', `export const lazy = () => load('alpha')`, ['alpha']],
  ['with attributes', `await load('alpha', { with: { type: 'json' } })`, ['alpha']],
  ['CommonJS', `const a = require('alpha')`, ['alpha']],
  ['types, which are no code', `import type { A } from 'alpha'\nexport type { B } from 'beta'`, []],
  ['in comments', `/** @type {load('alpha').A} */\n// load('beta')\n/*\nimport 'gamma'\n*/`, []],
  ['after an address', `const url = 'http://x' // y\nimport a from 'alpha'`, ['alpha']],
  ['what Node brings, and itself', `import 'node:fs'; import 'fs'; import 'mine/other'`, []],
  ['texts', `export const from = 'alpha'\nexport default 'beta'`, []],
])('%s', (_, text, packages) => {
  expect(Object.keys(importsOf({ 'index.js': text }))).toEqual(packages)
})

test('it begins at the entry points and follows what lies beside: built code as well, tests and tools not', () => {
  const files = {
    'dist/index.js': `import './lines.js'\nimport '#own'\nnew Worker(new URL('./thread.js', import.meta.url))`,
    'dist/lines.js': `import './index.js'\nimport 'alpha'`,
    'dist/thread.js': `import 'beta'`,
    'dist/own.js': `import 'gamma'`,
    'dist/sub.js': `import 'delta'`,
    'dist/index.test.js': `import 'vitest'`,
    'src/index.ts': `import 'other'`,
    'build.js': `import 'rolldown'`,
  }
  const exports = {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './sub': './dist/sub.js',
  }
  expect(importsOf(files, { exports, imports: { '#own': './dist/own.js' } })).toEqual({
    alpha: join('dist', 'lines.js'),
    beta: join('dist', 'thread.js'),
    gamma: join('dist', 'own.js'),
    delta: join('dist', 'sub.js'),
  })
})
