import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonSchema, Kind } from '@smart-gateway/sdk'

/** The contract that this host speaks. */
export const API = 1

/** A plugin as its package describes it, read without running any of its code. */
export interface PluginPackage {
  /** The package's real folder. */
  readonly folder: string
  readonly name: string
  readonly version: string
  readonly kind: Kind
  /** The module to import, absolute. */
  readonly entry: string
  /** A JSON Schema for its options; undefined when the manifest names none. */
  readonly options: JsonSchema | undefined
  /** A transport's JSON Schema for subscriptions. */
  readonly subscription: JsonSchema | undefined
}

const BUILT = ['node', 'import', 'default']
/** A gateway that runs from its sources takes the sources of plugins too, where a checkout has them; a built one what was built. */
const CONDITIONS = import.meta.filename.endsWith('.ts') ? ['@smart-gateway/source', ...BUILT] : BUILT

/** Reads the manifest in a package's folder. Throws an Error with one sentence when the package is no plugin of this contract. */
export function readManifest(folder: string, expected: Kind): PluginPackage {
  const { real, json, name, manifest } = readPackageJson(folder, expected)
  const { api, kind, options, subscription } = manifest
  if (api !== API) {
    throw new Error(
      `${name} speaks plugin api ${JSON.stringify(api)}, this gateway speaks ${API}; install a version of it for api ${API}`,
    )
  }
  if (kind !== expected)
    throw new Error(
      `${name} is ${kind === undefined ? 'of no kind' : `a plugin of kind "${String(kind)}"`}, needed here is "${expected}"`,
    )
  return {
    folder: real,
    name,
    version: typeof json['version'] === 'string' ? json['version'] : '0.0.0',
    kind: expected,
    entry: findEntry(real, json, name),
    options: readSchema(real, options, name),
    subscription: readSchema(real, subscription, name),
  }
}

/** A plugin as its author has it: of any kind, and its schema files may not be there yet. */
export interface PluginEntry extends Pick<PluginPackage, 'folder' | 'name' | 'kind' | 'entry'> {
  /** What stands under `smartGateway`. */
  readonly manifest: Readonly<Record<string, unknown>>
}

/** Reads of a package only what importing it needs. Throws an Error with one sentence when it is no plugin, or has no module. */
export function readEntry(folder: string): PluginEntry {
  const { real, json, name, manifest } = readPackageJson(folder, 'output')
  const kind = KINDS.find((one) => one === manifest['kind'])
  if (kind === undefined)
    throw new Error(`${name} is of no kind: "kind" in its "smartGateway" entry is one of ${KINDS.join(', ')}`)
  return { folder: real, name, kind, manifest, entry: findEntry(real, json, name) }
}

const KINDS: readonly Kind[] = ['transport', 'input', 'filter', 'output']

function readPackageJson(folder: string, kind: Kind) {
  const real = realpathSync(folder)
  const json = readJson(join(real, 'package.json'))
  const name = typeof json['name'] === 'string' ? json['name'] : real
  const manifest = json['smartGateway']
  if (typeof manifest !== 'object' || manifest === null) {
    throw new Error(
      `${name} is not a plugin: its package.json has no "smartGateway" entry such as { "api": 1, "kind": "${kind}" }`,
    )
  }
  return { real, json, name, manifest: manifest as Readonly<Record<string, unknown>> }
}

function readSchema(folder: string, file: unknown, name: string): JsonSchema | undefined {
  if (file === undefined) return undefined
  if (typeof file !== 'string')
    throw new Error(`${name} names a schema in its "smartGateway" entry that is not a file name`)
  return readJson(join(folder, file)) as JsonSchema
}

function readJson(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`${file} is not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${file} does not hold a JSON object`)
  return value as Record<string, unknown>
}

function findEntry(folder: string, json: Record<string, unknown>, name: string): string {
  const exported = json['exports']
  const root = typeof exported === 'object' && exported !== null && '.' in exported ? exported['.'] : exported
  const candidates = [pick(root, CONDITIONS), pick(root, BUILT), json['main'], 'index.js']
  for (const candidate of candidates) {
    if (typeof candidate !== 'string') continue
    const file = join(folder, candidate)
    // Node refuses to strip types below a node_modules folder: what is built is for there.
    if (file.endsWith('.ts') && file.includes('/node_modules/')) continue
    if (existsSync(file) && statSync(file).isFile()) return file
  }
  throw new Error(
    `${name} has no module to import: none of the files that its package.json names as its entry exists in ${folder}`,
  )
}

function pick(target: unknown, conditions: readonly string[]): string | undefined {
  if (typeof target === 'string') return target
  if (typeof target !== 'object' || target === null) return undefined
  for (const [condition, value] of Object.entries(target)) {
    if (!conditions.includes(condition)) continue
    const found = pick(value, conditions)
    if (found !== undefined) return found
  }
  return undefined
}
