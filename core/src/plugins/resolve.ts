import { existsSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Kind } from '@smart-gateway/sdk'

/** This package's own folder: plugins installed beside the gateway are found from here. */
const OWN_FOLDER = resolve(import.meta.dirname, '../..')

/**
 * Finds the folder of a plugin: a path from the folder of startup.yaml, or an npm package as Node would find it from there, else
 * from the gateway's own installation. A short name means `@smart-gateway/KIND-NAME`, then `smart-gateway-KIND-NAME`, then the
 * package of that very name. Nothing is scanned. Throws an Error with one sentence when there is none.
 */
export function findPlugin(plugin: string, kind: Kind, folder: string): string {
  if (plugin.startsWith('.') || isAbsolute(plugin)) return findPath(plugin, folder)
  const names = plugin.includes('/')
    ? [plugin]
    : [`@smart-gateway/${kind}-${plugin}`, `smart-gateway-${kind}-${plugin}`, plugin]
  for (const name of names) {
    const found = findPackage(name, folder) ?? findPackage(name, OWN_FOLDER)
    if (found !== undefined) return found
  }
  throw new Error(
    `no plugin "${plugin}" is installed: looked for the package ${names.join(', ')}; install it with npm beside startup.yaml, or give a path that begins with a dot`,
  )
}

function findPath(plugin: string, folder: string): string {
  const path = resolve(folder, plugin)
  if (!existsSync(path)) throw new Error(`there is no folder ${path}`)
  if (!statSync(path).isDirectory())
    throw new Error(`${path} is a file; name the folder that holds the plugin's package.json`)
  return path
}

function findPackage(name: string, folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return candidate
    if (dirname(at) === at) return undefined
  }
}
