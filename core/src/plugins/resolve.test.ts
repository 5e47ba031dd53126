import { mkdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { expect, test } from 'vitest'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { findPlugin } from './resolve.ts'

function install(folder: string, name: string): string {
  return writePlugin(join(folder, 'node_modules', name), 'input')
}

test('a path is meant from the folder of startup.yaml', () => {
  const folder = scratch()
  const plugin = writePlugin(join(folder, 'plugins/x'), 'input')
  expect(findPlugin('./plugins/x', 'input', folder)).toBe(plugin)
  expect(findPlugin('../x', 'input', join(folder, 'plugins/y'))).toBe(plugin)
  expect(findPlugin(plugin, 'input', '/')).toBe(plugin)
  expect(() => findPlugin('./none', 'input', folder)).toThrow(`there is no folder ${folder}${sep}none`)
})

test('a short name goes by its kind, the own scope first', () => {
  const folder = scratch()
  const plain = install(folder, 'x')
  expect(findPlugin('x', 'input', folder)).toBe(plain)
  const prefixed = install(folder, 'smart-gateway-input-x')
  expect(findPlugin('x', 'input', folder)).toBe(prefixed)
  const scoped = install(folder, '@smart-gateway/input-x')
  expect(findPlugin('x', 'input', folder)).toBe(scoped)
  expect(findPlugin('x', 'output', folder)).toBe(plain)
})

test('a package name is taken as it is, from the folder or any above it', () => {
  const folder = scratch()
  const plugin = install(folder, '@acme/thing')
  mkdirSync(join(folder, 'a/b'), { recursive: true })
  expect(findPlugin('@acme/thing', 'input', join(folder, 'a/b'))).toBe(plugin)
})

test('a name with a slip gets the plugin of its kind that lies nearest', () => {
  const folder = scratch()
  install(folder, '@smart-gateway/input-weather')
  install(folder, '@smart-gateway/output-weatherr')
  mkdirSync(join(folder, 'a'))
  mkdirSync(join(folder, 'node_modules/@smart-gateway/input-waether'))
  expect(() => findPlugin('waether', 'input', join(folder, 'a'))).toThrow(
    /^no plugin "waether" is installed: .*, waether; did you mean "weather"\?$/,
  )
  expect(() => findPlugin('waether', 'transport', folder)).toThrow(/; install it with npm/)
})

test('a plugin of another kind is told as that', () => {
  const folder = scratch()
  install(folder, '@smart-gateway/output-lake')
  install(folder, 'smart-gateway-transport-lake')
  expect(() => findPlugin('lake', 'input', folder)).toThrow(
    /; lake is a transport and an output, needed here is an input$/,
  )
})

test('a plugin that is not installed says which packages were looked for', () => {
  expect(() => findPlugin('nowhere', 'output', scratch())).toThrow(
    'no plugin "nowhere" is installed: looked for the package @smart-gateway/output-nowhere, smart-gateway-output-nowhere, nowhere; install it',
  )
})
