import { cp, mkdir, rm, symlink } from 'node:fs/promises'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Definition, Kind } from '@smart-gateway/sdk'
import { GatewayError } from '../errors.ts'
import { API, readManifest } from './manifest.ts'
import type { PluginPackage } from './manifest.ts'

/** Imports a plugin and checks that it is what its manifest promises. */
export async function importDefinition(plugin: PluginPackage): Promise<Definition> {
  let module: { readonly default?: unknown }
  try {
    module = (await import(pathToFileURL(plugin.entry).href)) as typeof module
  } catch (cause) {
    throw new GatewayError('SG_IMPORT_FAILED', `${plugin.name} cannot be imported`, { cause })
  }
  const flaw = flawOf(module.default, plugin)
  if (flaw !== undefined) throw new GatewayError('SG_DEFINITION_INVALID', `${plugin.name} ${flaw}`)
  return module.default as Definition
}

/**
 * Copies a plugin's folder to a new one of this generation's own, so that importing it evaluates its modules anew, and reads it
 * there. Its dependencies are linked to where the original finds them.
 */
export async function placeGeneration(source: string, target: string, kind: Kind): Promise<PluginPackage> {
  const original = realpathSync(source)
  await rm(target, { recursive: true, force: true })
  await mkdir(dirname(target), { recursive: true })
  await cp(original, target, {
    recursive: true,
    filter: (path) => basename(path) !== 'node_modules' || path === original,
  })
  for (const [name, folder] of dependenciesOf(original)) {
    const link = join(target, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(relative(realpathSync(dirname(link)), folder), link, 'dir')
  }
  return readManifest(target, kind)
}

function flawOf(definition: unknown, { kind }: PluginPackage): string | undefined {
  if (typeof definition !== 'object' || definition === null)
    return 'has no default export that is a definition'
  const found = definition as Partial<
    Record<keyof Definition | 'signals' | 'signalsOnRequest' | 'subscription' | 'example', unknown>
  >
  if (found.api !== API)
    return `is defined for plugin api ${JSON.stringify(found.api)}, this gateway speaks ${API}`
  if (found.kind !== kind) return `is defined as ${JSON.stringify(found.kind)}, its manifest says "${kind}"`
  if (typeof found.name !== 'string' || found.name === '') return 'has a definition without a name'
  if (typeof found.open !== 'function') return 'has a definition without an open function'
  if (typeof found.options !== 'object' || found.options === null)
    return 'has a definition without an options schema'
  if ((kind === 'input' || kind === 'output') && !areSignals(found.signals))
    return 'has a definition without signals: a list of metric, event and log, at least one'
  if (found.signalsOnRequest !== undefined && !areAmong(found.signals, found.signalsOnRequest))
    return 'has a definition whose signalsOnRequest are not among its signals'
  if (found.example !== undefined && !isExample(found.example))
    return 'has an example that is not { contentType, body }, two texts'
  if (kind === 'transport' && (typeof found.subscription !== 'object' || found.subscription === null)) {
    return 'has a definition without a subscription schema'
  }
  return undefined
}

function areSignals(signals: unknown): boolean {
  return (
    Array.isArray(signals) &&
    signals.length > 0 &&
    signals.every((signal) => ['metric', 'event', 'log'].includes(signal as string))
  )
}

function areAmong(signals: unknown, some: unknown): boolean {
  return Array.isArray(some) && some.every((signal) => (signals as unknown[]).includes(signal))
}

function isExample(example: unknown): boolean {
  const { contentType, body } = (example ?? {}) as Record<string, unknown>
  return typeof contentType === 'string' && typeof body === 'string'
}

function dependenciesOf(folder: string): [name: string, folder: string][] {
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as {
    dependencies?: Record<string, string>
    peerDependencies?: Record<string, string>
  }
  return Object.keys({ ...dependencies, ...peerDependencies }).flatMap((name) => {
    for (let at = folder; ; at = dirname(at)) {
      const candidate = join(at, 'node_modules', name)
      if (existsSync(candidate)) return [[name, realpathSync(candidate)]]
      if (dirname(at) === at) return []
    }
  })
}
