import { existsSync, globSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Kind } from '@smart-gateway/sdk'
import { withArticle } from '../article.ts'
import { didYouMean } from '../config/problem.ts'

/** This package's own folder: plugins installed beside the gateway are found from here. */
const OWN_FOLDER = resolve(import.meta.dirname, '../..')

/**
 * Finds the folder of a plugin: a path from the folder of startup.yaml, or an npm package as Node would find it from there, else
 * from the gateway's own installation. A short name means `@smart-gateway/KIND-NAME`, then `smart-gateway-KIND-NAME`, then the
 * package of that very name. Throws an Error with one sentence when there is none; only then the names of plugins that lie beside
 * are read, for a suggestion.
 */
export function findPlugin(plugin: string, kind: Kind, folder: string): string {
  if (plugin.startsWith('.') || isAbsolute(plugin)) return findPath(plugin, folder)
  const names = plugin.includes('/') ? [plugin] : [...namesOf(plugin, kind), plugin]
  for (const name of names) {
    const found = findPackage(name, folder) ?? findPackage(name, OWN_FOLDER)
    if (found !== undefined) return found
  }
  throw new Error(
    `no plugin "${plugin}" is installed: looked for the package ${names.join(', ')}${adviceFor(plugin, kind, folder)}`,
  )
}

/** Where the manifest of a plugin would come to lie that cannot be used as it is now. */
export function manifestsOf(plugin: string, kind: Kind, folder: string): readonly string[] {
  if (plugin.startsWith('.') || isAbsolute(plugin)) return [join(resolve(folder, plugin), 'package.json')]
  const names = plugin.includes('/') ? [plugin] : [...namesOf(plugin, kind), plugin]
  return names.map((name) => join(folder, 'node_modules', name, 'package.json'))
}

function namesOf(plugin: string, kind: Kind): readonly string[] {
  return [`@smart-gateway/${kind}-${plugin}`, `smart-gateway-${kind}-${plugin}`]
}

function findPath(plugin: string, folder: string): string {
  const path = resolve(folder, plugin)
  if (!existsSync(path)) throw new Error(`there is no folder ${path}`)
  if (!statSync(path).isDirectory())
    throw new Error(`${path} is a file; name the folder that holds the plugin's package.json`)
  return path
}

function adviceFor(plugin: string, kind: Kind, folder: string): string {
  const isInstalled = (name: string) =>
    (findPackage(name, folder) ?? findPackage(name, OWN_FOLDER)) !== undefined
  const other = KINDS.filter((one) => one !== kind && namesOf(plugin, one).some(isInstalled))
  if (other.length > 0)
    return `; ${plugin} is ${other.map(withArticle).join(' and ')}, needed here is ${withArticle(kind)}`
  const known = [...installed(kind, folder), ...installed(kind, OWN_FOLDER)]
  return (
    didYouMean(plugin, known) ||
    '; install it with npm beside startup.yaml, or give a path that begins with a dot'
  )
}

const KINDS: readonly Kind[] = ['transport', 'input', 'filter', 'output']

/** The short names of the own scope's plugins of a kind. */
function installed(kind: Kind, folder: string): readonly string[] {
  const prefix = `@smart-gateway/${kind}-`
  return moduleFolders(folder)
    .flatMap((modules) => globSync(`${prefix}*`, { cwd: modules }))
    .filter((name) => findPackage(name, folder) !== undefined)
    .map((name) => name.slice(prefix.length))
}

/** The folder of an npm package, found as Node would find it from a folder. */
export function findPackage(name: string, folder: string): string | undefined {
  return moduleFolders(folder)
    .map((modules) => join(modules, name))
    .find((candidate) => existsSync(join(candidate, 'package.json')))
}

function moduleFolders(folder: string): readonly string[] {
  const above = dirname(folder)
  return [join(folder, 'node_modules'), ...(above === folder ? [] : moduleFolders(above))]
}
