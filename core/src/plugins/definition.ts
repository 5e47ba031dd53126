import { pathToFileURL } from 'node:url'
import type { Definition } from '@smart-gateway/sdk'
import { GatewayError } from '../errors.ts'
import { API } from './manifest.ts'
import type { PluginPackage } from './manifest.ts'

/** Imports a plugin and checks that it is what its manifest promises. */
export async function importDefinition(
  plugin: Pick<PluginPackage, 'name' | 'kind' | 'entry'>,
): Promise<Definition> {
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

function flawOf(definition: unknown, { kind }: Pick<PluginPackage, 'kind'>): string | undefined {
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
