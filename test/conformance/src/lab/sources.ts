/** Lets a checkout run its TypeScript sources; where a published package lies below node_modules, Node strips no types and what was built is taken. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { target } from '../subject/plugin-package.ts'

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('@smart-gateway/')) return next(specifier, context)
    const conditions = ['@smart-gateway/source', ...context.conditions]
    const source = next(specifier, { ...context, conditions })
    const built = source.url.endsWith('.ts') ? builtOf(specifier, fileURLToPath(source.url)) : undefined
    return built === undefined ? source : { ...source, url: built, format: 'module' }
  },
})

// By hand: asked a second time, `next` gives what it gave before, whatever the conditions.
function builtOf(specifier: string, source: string): string | undefined {
  const [folder, name] = /^.*\/node_modules\/(@smart-gateway\/[^/]+)/.exec(source) ?? []
  if (folder === undefined || name === undefined) return undefined
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, unknown>>
  }
  const file = target(exports[`.${specifier.slice(name.length)}`], ['node', 'import', 'default'])
  return file === undefined ? undefined : pathToFileURL(join(folder, file)).href
}
