#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that one that is too old gets a sentence and not a syntax error.
import { existsSync, readFileSync } from 'node:fs'
// As a namespace: an old Node has no registerHooks, and would fail before the sentence.
import * as module from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `smart-gateway needs Node 22.18 or newer, this is ${process.version}. In a checkout, "npm start" brings its own.`,
  )
  process.exit(78)
}

// A checkout runs its TypeScript sources, a published package what was built of them: Node strips no types below node_modules.
const source = new URL('../src/cli/main.ts', import.meta.url)
if (existsSync(source) && !source.pathname.includes('/node_modules/')) {
  module.registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.startsWith('@smart-gateway/')) return next(specifier, context)
      const conditions = ['@smart-gateway/source', ...(context.conditions ?? [])]
      const found = next(specifier, { ...context, conditions })
      const built = found.url.endsWith('.ts') ? builtOf(specifier, fileURLToPath(found.url)) : undefined
      return built === undefined ? found : { ...found, url: built, format: 'module' }
    },
  })
  await import(source.href)
} else {
  await import('../dist/cli/main.js')
}

/**
 * What was built of a source below node_modules, where Node strips no types. By hand: asked a second time, `next` gives what it gave before,
 * whatever the conditions.
 * @param {string} specifier
 * @param {string} file
 */
function builtOf(specifier, file) {
  const [folder, name] = /^.*\/node_modules\/(@smart-gateway\/[^/]+)/.exec(file) ?? []
  if (folder === undefined || name === undefined) return undefined
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const built = exports[`.${specifier.slice(name.length)}`]?.default
  return built === undefined ? undefined : pathToFileURL(join(folder, built)).href
}
