import { pathToFileURL } from 'node:url'
import type { Definition } from '@smart-gateway/sdk'
import type { PluginPackage } from './plugin-package.ts'

/** Imports a plugin. Rejects with one sentence when what it exports is not what its manifest promises. */
export async function importDefinition({ entry, kind }: PluginPackage): Promise<Definition> {
  if (entry === undefined) throw new Error('it has no module to import')
  const module = (await import(pathToFileURL(entry).href)) as { readonly default?: unknown }
  const flaw = flawOf(module.default, kind)
  if (flaw !== undefined) throw new Error(flaw)
  return module.default as Definition
}

function flawOf(definition: unknown, kind: string): string | undefined {
  if (!isObject(definition)) return 'it has no default export that is a definition'
  const { api, name, open, options, subscription, redelivers, signals, signalsOnRequest, example } =
    definition
  if (api !== 1) return `it is defined for api ${JSON.stringify(api)}, the contract is 1`
  if (definition['kind'] !== kind)
    return `it is defined as ${JSON.stringify(definition['kind'])}, its manifest says "${kind}"`
  if (typeof name !== 'string' || name === '') return 'its definition has no name'
  if (typeof open !== 'function') return 'its definition has no open function'
  if (!isObject(options)) return 'its definition has no options schema'
  if ((kind === 'input' || kind === 'output') && !areSignals(signals))
    return 'its definition has no signals: a list of metric, event and log, at least one'
  if (signalsOnRequest !== undefined && !areAmong(signals, signalsOnRequest))
    return 'its signalsOnRequest are not among its signals'
  if (example !== undefined && !isExample(example))
    return 'its example is not { contentType, body }, two texts'
  if (kind === 'transport' && !isObject(subscription)) return 'its definition has no subscription schema'
  if (kind === 'transport' && typeof redelivers !== 'boolean')
    return 'its definition does not say whether its peer redelivers'
  return undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
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
  const { contentType, body } = example as Record<string, unknown>
  return typeof contentType === 'string' && typeof body === 'string'
}
