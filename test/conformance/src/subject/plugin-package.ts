import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Kind } from '@smart-gateway/sdk'

export const BUILT = ['node', 'import', 'default']
/** As the gateway does: from its sources the suite takes the sources of plugins too, where a checkout has them. */
export const CONDITIONS = import.meta.filename.endsWith('.ts') ? ['@smart-gateway/source', ...BUILT] : BUILT

/** A plugin's package as it lies on the disk, read without running any of its code. Flaws are for the checks to tell. */
export interface PluginPackage {
  readonly folder: string
  /** package.json; empty when it cannot be read. */
  readonly json: Readonly<Record<string, unknown>>
  readonly name: string
  readonly version: string
  /** As its manifest says, or as its definition would have to. */
  readonly kind: Kind
  /** The module to import, absolute; undefined when none of those named exists. */
  readonly entry: string | undefined
}

/** Reads a plugin's package. Throws an Error with one sentence when there is none, or none whose kind is known. */
export function readPackage(folder: string): PluginPackage {
  const manifestFile = join(folder, 'package.json')
  if (!existsSync(manifestFile)) throw new Error(`there is no package.json in ${folder}`)
  const real = realpathSync(folder)
  const json = JSON.parse(readFileSync(manifestFile, 'utf8')) as Record<string, unknown>
  const name = typeof json['name'] === 'string' ? json['name'] : folder
  const { kind } = (json['smartGateway'] ?? {}) as Record<string, unknown>
  if (!['transport', 'input', 'filter', 'output'].includes(kind as string))
    throw new Error(
      `${name} is no plugin: its package.json needs a "smartGateway" entry such as { "api": 1, "kind": "output" }`,
    )
  return {
    folder: real,
    json,
    name,
    version: typeof json['version'] === 'string' ? json['version'] : '',
    kind: kind as Kind,
    entry: entryOf(real, json),
  }
}

function entryOf(folder: string, json: Readonly<Record<string, unknown>>): string | undefined {
  const exported = json['exports']
  const root = typeof exported === 'object' && exported !== null && '.' in exported ? exported['.'] : exported
  const candidates = [target(root, CONDITIONS), target(root, BUILT), json['main'], 'index.js']
  return candidates
    .filter((candidate) => typeof candidate === 'string')
    .map((candidate) => join(folder, candidate))
    .find(
      (file) =>
        !(file.endsWith('.ts') && file.includes('/node_modules/')) &&
        existsSync(file) &&
        statSync(file).isFile(),
    )
}

/** What `exports` gives under the first of the conditions that it knows. */
export function target(exported: unknown, conditions: readonly string[]): string | undefined {
  if (typeof exported === 'string') return exported
  if (typeof exported !== 'object' || exported === null) return undefined
  for (const [condition, value] of Object.entries(exported)) {
    if (!conditions.includes(condition)) continue
    const found = target(value, conditions)
    if (found !== undefined) return found
  }
  return undefined
}
