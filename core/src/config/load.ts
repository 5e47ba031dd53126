import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { JsonSchema, Kind } from '@smart-gateway/sdk'
import { readManifest } from '../plugins/manifest.ts'
import type { PluginPackage } from '../plugins/manifest.ts'
import { findPlugin } from '../plugins/resolve.ts'
import type { Configuration, InputSpec, InstanceSpec, OutputSpec, TransportSpec } from './configuration.ts'
import { fromObject, readYaml } from './document.ts'
import type { Document, Path } from './document.ts'
import { ConfigError, didYouMean } from './problem.ts'
import type { Problem } from './problem.ts'
import { resolveReferences } from './references.ts'
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
  const check = new Check(document, folder)
  if (document.value === undefined && document.problems.length > 0) throw new ConfigError(document.problems)
  const { value, missing } = resolveReferences(document, folder, environment)
  dropEmptySections(value)
  for (const { path, message } of missing) check.problem(path, message)
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

interface RawInstance {
  readonly plugin: string
  readonly options: Record<string, unknown>
}
interface RawInput extends RawInstance {
  readonly from?: { readonly transport: string } & Readonly<Record<string, unknown>>
}
interface RawOutput extends RawInstance {
  readonly from?: readonly string[]
  readonly required: boolean
  readonly queue: { readonly max: string; readonly whenFull?: 'block' | 'dropOldest' | 'dropNewest' }
  readonly retry: { readonly initial: string; readonly max: string }
}
interface RawConfiguration {
  readonly gateway: {
    readonly name: string
    readonly state: string
    readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
    readonly drain: string
    readonly maxSeries: number
    readonly admin: { readonly host: string; readonly port: number; readonly token?: string }
  }
  readonly transports: Readonly<Record<string, RawInstance>>
  readonly inputs: Readonly<Record<string, RawInput>>
  readonly outputs: Readonly<Record<string, RawOutput>>
}

/** One pass over one document: gathers every problem instead of stopping at the first. */
class Check {
  readonly problems: Problem[]
  readonly #document: Document
  readonly #folder: string
  readonly #validator = new Validator()
  readonly #secrets: string[] = []

  constructor(document: Document, folder: string) {
    this.#document = document
    this.#folder = folder
    this.problems = [...document.problems]
  }

  problem(path: Path, message: string, part: 'key' | 'value' = 'value'): void {
    this.problems.push({
      file: this.#document.file,
      ...this.#document.at(path, part),
      path: path.join('.'),
      message,
    })
  }

  sorted(): readonly Problem[] {
    return this.problems.toSorted(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    )
  }

  configuration(value: unknown): Configuration | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.problem([], 'must hold the keys gateway, transports, inputs and outputs')
      return undefined
    }
    const broken = new Set<string>()
    for (const { path, atKey, message } of this.#validator.check(HOST_SCHEMA, value)) {
      this.problem(path, message, atKey ? 'key' : 'value')
      broken.add(path.slice(0, 2).join('.'))
      broken.add(String(path[0] ?? ''))
    }
    // What has the wrong shape is reported; what stands beside it is still checked.
    if (
      ['', 'gateway', 'transports', 'inputs', 'outputs'].some(
        (key) => broken.has(key) && !isRecord(at(value, key)),
      )
    )
      return undefined
    const raw = value as RawConfiguration
    this.#secrets.push(...secretsIn(HOST_SCHEMA, raw))
    const sound = <T extends object>(section: string, all: Readonly<Record<string, T>>): [string, T][] =>
      Object.entries(all).filter(
        ([name, instance]) =>
          isRecord(instance) &&
          typeof at(instance, 'plugin') === 'string' &&
          isRecord(at(instance, 'options')) &&
          !broken.has(`${section}.${name}`),
      )
    this.#checkNames(raw)
    const transports = sound('transports', raw.transports).flatMap(([name, one]) =>
      this.#instance('transport', name, one),
    )
    const inputs = sound('inputs', raw.inputs).flatMap(([name, one]) =>
      this.#input(name, one, raw, transports),
    )
    const outputs = sound('outputs', raw.outputs).flatMap(([name, one]) => this.#output(name, one, raw))
    if (this.problems.length > 0) return undefined
    return {
      folder: this.#folder,
      gateway: {
        name: raw.gateway.name,
        stateFolder: resolve(this.#folder, raw.gateway.state),
        logLevel: raw.gateway.logLevel,
        drainMs: parseSpan(raw.gateway.drain)!,
        maxSeries: raw.gateway.maxSeries,
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
      for (const name of Object.keys(raw[section])) {
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

  #input(
    name: string,
    raw: RawInput,
    all: RawConfiguration,
    transports: readonly TransportSpec[],
  ): readonly InputSpec[] {
    return this.#instance('input', name, raw).map((instance) => ({
      ...instance,
      from: this.#subscription(name, raw, all, transports),
    }))
  }

  #subscription(
    name: string,
    { from }: RawInput,
    all: RawConfiguration,
    transports: readonly TransportSpec[],
  ): InputSpec['from'] {
    if (from === undefined) return undefined
    const { transport, ...subscription } = from
    const path = ['inputs', name, 'from']
    if (!Object.hasOwn(all.transports, transport)) {
      const known = Object.keys(all.transports)
      const hint =
        didYouMean(transport, known) ||
        (known.length === 0 ? '; there is none' : `; known are ${known.join(', ')}`)
      this.problem([...path, 'transport'], `there is no transport "${transport}"${hint}`)
      return undefined
    }
    const schema = transports.find((one) => one.name === transport)?.package.subscription
    this.#values(schema, subscription, path, `the subscription schema of ${transport}`)
    return { transport, subscription }
  }

  #output(name: string, raw: RawOutput, all: RawConfiguration): readonly OutputSpec[] {
    const path = ['outputs', name]
    const inputs = Object.keys(all.inputs)
    for (const [i, input] of (raw.from ?? []).entries()) {
      if (!inputs.includes(input))
        this.problem([...path, 'from', i], `there is no input "${input}"${didYouMean(input, inputs)}`)
    }
    const whenFull = raw.queue.whenFull ?? (raw.required ? 'block' : 'dropOldest')
    if (whenFull === 'block' && !raw.required) {
      this.problem(
        [...path, 'queue', 'whenFull'],
        'cannot be block where required is false: an optional output never holds a source; choose dropOldest or dropNewest',
      )
    }
    return this.#instance('output', name, raw).map((instance) => ({
      ...instance,
      from: raw.from,
      required: raw.required,
      queue: { maxBytes: parseSize(raw.queue.max)!, whenFull },
      retry: { initialMs: parseSpan(raw.retry.initial)!, maxMs: parseSpan(raw.retry.max)! },
    }))
  }

  /** The instance, or nothing when its plugin or its options have a problem. */
  #instance(kind: Kind, name: string, { plugin, options }: RawInstance): readonly InstanceSpec[] {
    const path = [`${kind}s`, name]
    const found = this.#package(kind, plugin, path)
    if (found === undefined) return []
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

// A section whose every entry is commented out reads as null.
function dropEmptySections(value: unknown): void {
  if (!isRecord(value)) return
  const sections = value as Record<string, unknown>
  for (const key of Object.keys(sections)) if (sections[key] === null) delete sections[key]
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function at(value: object, key: string): unknown {
  return key === '' ? value : (value as Record<string, unknown>)[key]
}
