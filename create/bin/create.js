#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that one that is too old gets a sentence and not a syntax error.
import { existsSync } from 'node:fs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`A plugin of the smart gateway needs Node 22.18 or newer, this is ${process.version}.`)
  process.exit(78)
}

// A checkout runs its TypeScript sources, a published package what was built of them: Node strips no types below node_modules.
const source = new URL('../src/command-line.ts', import.meta.url)
await import(
  existsSync(source) && !source.pathname.includes('/node_modules/') ? source.href : '../dist/command-line.js'
)
