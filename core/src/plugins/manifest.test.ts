import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writePlugin } from '../testing/plugin-folder.ts'
import type { Files } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { readManifest } from './manifest.ts'

const smartGateway = { api: 1, kind: 'output' }

/** The module that would be imported, from the plugin's folder. */
function entryOf(manifest: object, files: Files, folder = scratch()): string {
  const all = { 'package.json': { name: 'x', smartGateway, ...manifest }, 'index.js': undefined, ...files }
  const plugin = writePlugin(folder, 'output', all)
  return readManifest(plugin, 'output').entry.slice(plugin.length + 1)
}

test('the module to import is found where package.json says', () => {
  expect(entryOf({}, { 'index.js': '' })).toBe('index.js')
  expect(entryOf({ main: './lib/a.js' }, { 'lib/a.js': '' })).toBe('lib/a.js')
  expect(entryOf({ exports: './a.js' }, { 'a.js': '' })).toBe('a.js')
  expect(entryOf({ exports: { '.': { types: './a.d.ts', import: './a.js' } } }, { 'a.js': '' })).toBe('a.js')
  expect(
    entryOf({ exports: { node: { import: './a.js' }, default: './b.js' } }, { 'a.js': '', 'b.js': '' }),
  ).toBe('a.js')
  expect(entryOf({ exports: { require: './a.cjs', default: './b.js' } }, { 'b.js': '' })).toBe('b.js')
})

test('the sources of a checkout go before what is built of them, but never below node_modules', () => {
  const exported = { exports: { '.': { '@smart-gateway/source': './src/a.ts', default: './dist/a.js' } } }
  const files = { 'src/a.ts': '', 'dist/a.js': '' }
  expect(entryOf(exported, files)).toBe('src/a.ts')
  expect(entryOf(exported, files, join(scratch(), 'node_modules/x'))).toBe('dist/a.js')
})

test('a linked package is read at its real place', () => {
  const folder = scratch()
  writePlugin(join(folder, 'real'), 'output')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync('../real', join(folder, 'node_modules/x'))
  expect(readManifest(join(folder, 'node_modules/x'), 'output')).toMatchObject({
    folder: join(folder, 'real'),
    entry: join(folder, 'real/index.js'),
    name: 'test-output',
    version: '1.0.0',
    kind: 'output',
  })
})
