import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { JsonSchema, Kind } from '@smart-gateway/sdk'
import { readManifest } from '../plugins/manifest.ts'
import type { PluginPackage } from '../plugins/manifest.ts'
import { findPlugin } from '../plugins/resolve.ts'
import type { Configuration, InputSpec, InstanceSpec, OutputSpec } from './configuration.ts'
import { fromObject, readYaml } from './document.ts'
import type { Document, Path } from './document.ts'
import { ConfigError, didYouMean } from './problem.ts'
import type { Problem } from './problem.ts'
import type { RawConfiguration, RawInput, RawInstance, RawOutput } from './raw-configuration.ts'
import { resolveReferences } from './references.ts'
import type { MissingReference } from './references.ts'
import { HOST_SCHEMA } from './schema.ts'
import { secretsIn } from './secrets.ts'
import { parseSize, parseSpan } from './units.ts'
import { Validator } from './validator.ts'

/** Where a configuration comes from: a YAML file, or an object of the same shape with the folder that its paths are meant from. */
export type ConfigSource = { readonly file: string } | { readonly config: unknown; readonly folder: string }

/** Reads and checks a configuration, plugins' manifests included; runs no plugin code. Throws a ConfigError with every mistake. */
export function loadConfiguration(
  source: ConfigSource,
  environment: NodeJS.ProcessEnv = process.env,
): Configuration {
  const folder = 'file' in source ? dirname(resolve(source.file)) : resolve(source.folder)
  const document = 'file' in source ? readFile(source.file) : fromObject(source.config)
  if (document.value === undefined && document.problems.length > 0) throw new ConfigError(document.problems)
  const { value, missing } = resolveReferences(document.value, folder, environment)
  dropEmptySections(value)
  const check = new Check(document, folder, missing)
  const configuration = check.configuration(value)
  if (configuration === undefined || check.problems.length > 0) throw new ConfigError(check.sorted())
  return configuration
}

function readFile(file: string): Document {
  const name = basename(file)
  try {
    return readYaml(name, readFileSync(file, 'utf8'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const message = `cannot be read (${code})${code === 'ENOENT' ? '; give its path: smart-gateway run PATH' : ''}`
    throw new ConfigError([{ file, path: '', message }])
  }
}

/** One pass over one document: gathers every problem instead of stopping at the first. */
class Check {
  readonly problems: Problem[]
  readonly #document: Document
  readonly #folder: string
  readonly #validator = new Validator()
  readonly #secrets: string[] = []
  /** The subscription schema of each transport whose plugin was found, also of those with bad options. */
  readonly #subscriptions = new Map<string, JsonSchema | undefined>()
  /** Where a reference could not be replaced: what stands there instead is nobody's mistake. */
  readonly #unresolved = new Set<string>()

  constructor(document: Document, folder: string, missing: readonly MissingReference[]) {
    this.#document = document
    this.#folder = folder
    this.problems = [...document.problems]
    for (const { path, message } of missing) this.problem(path, message)
    for (const { path } of missing) this.#unresolved.add(path.join('.'))
  }

  problem(path: Path, message: string, part: 'key' | 'value' = 'value'): void {
    const name = path.join('.')
    if (this.#unresolved.has(name)) return
    this.problems.push({ file: this.#document.file, ...this.#document.at(path, part), path: name, message })
  }

  sorted(): readonly Problem[] {
    return this.problems.toSorted(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    )
  }

  configuration(value: unknown): Configuration | undefined {
    if (!isRecord(value)) {
      const empty = value === undefined || value === null ? 'is empty; it ' : ''
      this.problem([], `${empty}must hold the keys ${SECTIONS.join(', ')}`)
      return undefined
    }
    for (const { path, atKey, message } of this.#validator.check(HOST_SCHEMA, value))
      this.problem(path, message, atKey ? 'key' : 'value')
    // What has the wrong shape is reported by now; whatever stands beside it is still checked.
    const raw = value as unknown as RawConfiguration
    this.#secrets.push(...secretsIn(HOST_SCHEMA, raw))
    this.#checkNames(raw)
    const transports = instancesOf(raw.transports).flatMap(([name, one]) =>
      this.#instance('transport', name, one),
    )
    const inputs = instancesOf(raw.inputs).flatMap(([name, one]) => this.#input(name, one, raw))
    const outputs = instancesOf(raw.outputs).flatMap(([name, one]) => this.#output(name, one, raw))
    if (this.problems.length > 0) return undefined
    return {
      folder: this.#folder,
      gateway: {
        name: raw.gateway.name,
        stateFolder: resolve(this.#folder, raw.gateway.state),
        logLevel: raw.gateway.logLevel,
        drainMs: parseSpan(raw.gateway.drain)!,
        maxSeries: raw.gateway.maxSeries,
        deadLetters: {
          maxBytes: parseSize(raw.gateway.deadLetters.max)!,
          whenFull: raw.gateway.deadLetters.whenFull,
        },
        admin: { host: raw.gateway.admin.host, port: raw.gateway.admin.port, token: raw.gateway.admin.token },
      },
      transports,
      inputs,
      outputs,
      secrets: this.#secrets,
    }
  }

  #checkNames(raw: RawConfiguration): void {
    const sections = new Map<string, string>()
    for (const section of ['transports', 'inputs', 'outputs'] as const) {
      for (const name of keysOf(raw[section])) {
        const other = sections.get(name)
        if (other === undefined) sections.set(name, section)
        else
          this.problem(
            [section, name],
            `is already the name of an instance in ${other}; a name is unique over all kinds`,
            'key',
          )
      }
    }
  }

  #input(name: string, raw: RawInput, all: RawConfiguration): readonly InputSpec[] {
    const from = this.#subscription(name, raw, all)
    return this.#instance('input', name, raw).map((instance) => ({ ...instance, from }))
  }

  #subscription(name: string, { from }: RawInput, all: RawConfiguration): InputSpec['from'] {
    if (from === undefined || !isRecord(from) || typeof from.transport !== 'string') return undefined
    const { transport, ...subscription } = from
    const path = ['inputs', name, 'from']
    const known = keysOf(all.transports)
    if (!known.includes(transport)) {
      const hint =
        didYouMean(transport, known) ||
        (known.length === 0 ? '; there is none' : `; known are ${known.join(', ')}`)
      if (isRecord(all.transports))
        this.problem([...path, 'transport'], `there is no transport "${transport}"${hint}`)
      return undefined
    }
    this.#values(
      this.#subscriptions.get(transport),
      subscription,
      path,
      `the subscription schema of ${transport}`,
    )
    return { transport, subscription }
  }

  #output(name: string, raw: RawOutput, all: RawConfiguration): readonly OutputSpec[] {
    const instances = this.#instance('output', name, raw)
    const path = ['outputs', name]
    const { from, signals, queue, batch, retry, required } = raw
    const inputs = keysOf(all.inputs)
    for (const [i, input] of (Array.isArray(from) && isRecord(all.inputs) ? from : []).entries()) {
      if (typeof input === 'string' && !inputs.includes(input))
        this.problem([...path, 'from', i], `there is no input "${input}"${didYouMean(input, inputs)}`)
    }
    if (!isRecord(queue) || !isRecord(batch) || !isRecord(retry)) return []
    const whenFull = queue.whenFull ?? (required ? 'block' : 'dropOldest')
    if (whenFull === 'block' && !required) {
      this.problem(
        [...path, 'queue', 'whenFull'],
        'cannot be block where required is false: an optional output never holds a source; choose dropOldest or dropNewest',
      )
    }
    return instances.map((instance) => ({
      ...instance,
      from,
      signals,
      required,
      queue: {
        type: queue.type,
        maxBytes: parseSize(queue.max)!,
        whenFull,
        ...(queue.maxRecords !== undefined && { maxRecords: queue.maxRecords }),
        ...(queue.maxAge !== undefined && { maxAgeMs: parseSpan(queue.maxAge)! }),
      },
      batch: {
        records: batch.records,
        bytes: parseSize(batch.bytes)!,
        lingerMs: parseSpan(batch.linger)!,
      },
      retry: { initialMs: parseSpan(retry.initial)!, maxMs: parseSpan(retry.max)! },
    }))
  }

  /** The instance, or nothing when its plugin or its options have a problem. */
  #instance(kind: Kind, name: string, { plugin, options }: RawInstance): readonly InstanceSpec[] {
    const path = [`${kind}s`, name]
    const found = this.#package(kind, plugin, path)
    if (found === undefined) return []
    if (kind === 'transport') this.#subscriptions.set(name, found.subscription)
    const checked = this.#values(
      found.options,
      options,
      [...path, 'options'],
      `the options schema of ${found.name}`,
    )
    return checked ? [{ name, plugin, package: found, options }] : []
  }

  #package(kind: Kind, plugin: string, path: Path): PluginPackage | undefined {
    try {
      return readManifest(findPlugin(plugin, kind, this.#folder), kind)
    } catch (error) {
      this.problem([...path, 'plugin'], (error as Error).message)
      return undefined
    }
  }

  #values(schema: JsonSchema | undefined, value: unknown, path: Path, schemaName: string): boolean {
    if (schema === undefined) return true
    const flaw = this.#validator.flawOf(schema)
    if (flaw !== undefined) {
      this.problem(
        path,
        `cannot be checked: ${schemaName} is itself invalid (${flaw}); tell the plugin's author`,
      )
      return false
    }
    const mistakes = this.#validator.check(schema, value)
    for (const mistake of mistakes)
      this.problem([...path, ...mistake.path], mistake.message, mistake.atKey ? 'key' : 'value')
    this.#secrets.push(...secretsIn(schema, value))
    return mistakes.length === 0
  }
}

const SECTIONS = ['gateway', 'transports', 'inputs', 'outputs'] as const

// A section whose every entry is commented out reads as null.
function dropEmptySections(value: unknown): void {
  if (!isRecord(value)) return
  const sections = value as Record<string, unknown>
  for (const section of SECTIONS) if (sections[section] === null) delete sections[section]
}

/** The instances of a section that are shaped well enough to look for their plugins and check their options. */
function instancesOf<T extends RawInstance>(section: Readonly<Record<string, T>>): [string, T][] {
  if (!isRecord(section)) return []
  return Object.entries<T>(section).filter(
    ([, one]) =>
      isRecord(one) && typeof one.plugin === 'string' && one.plugin !== '' && isRecord(one.options),
  )
}

function keysOf(section: unknown): readonly string[] {
  return isRecord(section) ? Object.keys(section as object) : []
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
