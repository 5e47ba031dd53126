#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that one that is too old gets a sentence and not a syntax error.
import { existsSync } from 'node:fs'
// As a namespace: an old Node has no registerHooks, and would fail before the sentence.
import * as module from 'node:module'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `smart-gateway needs Node 22.18 or newer, this is ${process.version}. In a checkout, "npm start" brings its own.`,
  )
  process.exit(78)
}

// Until the gateway runs there is nothing to stop. As the first process of a container it would not even be ended by the signal.
// The handler stays: with it would go a signal that came while modules were loaded, which Node tells of only when they are.
if (process.argv[2] === 'run')
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(0)
    })

// A checkout runs its TypeScript sources, a published package what was built of them: Node strips no types below node_modules.
const source = new URL('../src/cli/main.ts', import.meta.url)
if (existsSync(source) && !source.pathname.includes('/node_modules/')) {
  module.registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.startsWith('@smart-gateway/')) return next(specifier, context)
      const { conditions, parentURL = import.meta.url } = context
      const found = next(specifier, { ...context, conditions: ['@smart-gateway/source', ...conditions] })
      // An installed SDK is taken as it was built. Node keeps what it has resolved by who asked, whatever the conditions: another one asks.
      return found.url.endsWith('.ts') && found.url.includes('/node_modules/')
        ? next(specifier, { ...context, conditions, parentURL: new URL('another.js', parentURL).href })
        : found
    },
  })
  await import(source.href)
} else {
  await import('../dist/cli/main.js')
}
