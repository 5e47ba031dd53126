import { resolve } from 'node:path'
import type { JsonSchema, Kind } from '@smart-gateway/sdk'
import { readManifest } from '../plugins/manifest.ts'
import type { PluginPackage } from '../plugins/manifest.ts'
import { findPlugin, manifestsOf } from '../plugins/resolve.ts'
import type { Configuration, InputSpec, InstanceSpec, OutputSpec } from './configuration.ts'
import type { Document, Path } from './document.ts'
import { filesIn } from './files.ts'
import { didYouMean } from './problem.ts'
import type { Problem } from './problem.ts'
import type { RawConfiguration, RawInput, RawInstance, RawOutput } from './raw-configuration.ts'
import type { MissingReference } from './references.ts'
import { HOST_SCHEMA } from './schema.ts'
import { secretsIn } from './secrets.ts'
import { parseSize, parseSpan } from './units.ts'
import { Validator } from './validator.ts'

const OWN_SCOPE = '@smart-gateway/'

/** The keys that a configuration holds. */
export const SECTIONS = ['gateway', 'transports', 'filters', 'inputs', 'outputs'] as const

/** An instance that the document describes wrongly. */
export interface Refusal {
  readonly kind: Kind
  readonly problems: readonly Problem[]
}

/** One pass over one document: gathers every problem instead of stopping at the first. */
export class Check {
  readonly problems: Problem[]
  /** Where the manifests would lie of plugins that were not found, or cannot be used. */
  readonly missing: string[] = []
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

  /** The instances with a mistake, each with its kind. A name that stands in two sections is that of the later one. */
  get refused(): ReadonlyMap<string, Refusal> {
    const refused = new Map<string, { kind: Kind; problems: Problem[] }>()
    for (const problem of this.sorted()) {
      const instance = instanceAt(problem.path)
      if (instance === undefined) continue
      const { name, kind } = instance
      const known = refused.get(name)
      if (known === undefined) refused.set(name, { kind, problems: [problem] })
      else known.problems.push(problem)
    }
    return refused
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
    const filters = instancesOf(raw.filters).flatMap(([name, one]) => this.#instance('filter', name, one))
    const inputs = instancesOf(raw.inputs).flatMap(([name, one]) => this.#input(name, one, raw))
    const outputs = instancesOf(raw.outputs).flatMap(([name, one]) => this.#output(name, one, raw))
    // Of what has the wrong shape nothing can be made; of what stands beside it, everything.
    if (this.problems.some(({ path }) => instanceAt(path) === undefined)) return undefined
    const isGood = ({ name }: InstanceSpec): boolean => !this.refused.has(name)
    return {
      folder: this.#folder,
      gateway: {
        name: raw.gateway.name,
        stateFolder: resolve(this.#folder, raw.gateway.state),
        logLevel: raw.gateway.logLevel,
        drainMs: parseSpan(raw.gateway.drain)!,
        probationMs: parseSpan(raw.gateway.probation)!,
        maxSeries: raw.gateway.maxSeries,
        deadLetters: {
          maxBytes: parseSize(raw.gateway.deadLetters.max)!,
          whenFull: raw.gateway.deadLetters.whenFull,
        },
        plugins: {
          keep: raw.gateway.plugins.keep,
          allow: raw.gateway.plugins.allow,
          pinned: raw.gateway.plugins.pinned,
        },
        admin: { host: raw.gateway.admin.host, port: raw.gateway.admin.port, token: raw.gateway.admin.token },
      },
      transports: transports.filter(isGood),
      filters: filters.filter(isGood),
      inputs: inputs.filter(isGood),
      outputs: outputs.filter(isGood),
      secrets: this.#secrets,
    }
  }

  #checkNames(raw: RawConfiguration): void {
    const sections = new Map<string, string>()
    for (const section of ['transports', 'filters', 'inputs', 'outputs'] as const) {
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
    const filters = this.#filters(['inputs', name, 'filters'], raw.filters, all)
    return this.#instance('input', name, raw).map((instance) => ({ ...instance, from, filters }))
  }

  #filters(path: Path, names: readonly string[], all: RawConfiguration): readonly string[] {
    const known = keysOf(all.filters)
    for (const [i, name] of (Array.isArray(names) && isRecord(all.filters) ? names : []).entries()) {
      if (typeof name === 'string' && !known.includes(name))
        this.problem([...path, i], `there is no filter "${name}"${didYouMean(name, known)}`)
    }
    return names
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
    const filters = this.#filters([...path, 'filters'], raw.filters, all)
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
      filters,
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
  #instance(
    kind: Kind,
    name: string,
    { plugin, options, isolation, worker }: RawInstance,
  ): readonly InstanceSpec[] {
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
    const files = filesIn(found.options, options, this.#folder)
    const where = this.#isolation(kind, found, isolation, path)
    if (!checked || where === undefined || !isRecord(worker)) return []
    const memoryBytes = parseSize(worker.memory)!
    return [{ name, plugin, package: found, options, files, isolation: where, worker: { memoryBytes } }]
  }

  /** The gateway's own plugins run in its thread, all others in one of their own, where nothing else is said. */
  #isolation(
    kind: Kind,
    { name }: PluginPackage,
    given: RawInstance['isolation'],
    path: Path,
  ): InstanceSpec['isolation'] | undefined {
    if (given === 'process') {
      this.problem([...path, 'isolation'], 'is reserved and cannot be process yet; choose worker or inline')
      return undefined
    }
    if (kind === 'transport' || kind === 'filter') {
      if (given === 'worker') this.problem([...path, 'isolation'], INLINE[kind])
      return 'inline'
    }
    return given ?? (name.startsWith(OWN_SCOPE) ? 'inline' : 'worker')
  }

  #package(kind: Kind, plugin: string, path: Path): PluginPackage | undefined {
    try {
      return readManifest(findPlugin(plugin, kind, this.#folder), kind)
    } catch (error) {
      this.problem([...path, 'plugin'], (error as Error).message)
      this.missing.push(...manifestsOf(plugin, kind, this.#folder))
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

/** Why some kinds run in the gateway's own thread only. */
const INLINE = {
  transport: 'cannot be worker: a transport runs inline, its connections cannot be lent to a thread',
  filter: 'cannot be worker: a filter runs inline, records do not wait for a thread on their way',
} as const

const KINDS = { transports: 'transport', filters: 'filter', inputs: 'input', outputs: 'output' } as const

/** The instance that a mistake at a path concerns; undefined when it concerns more than one. */
function instanceAt(path: string): { readonly name: string; readonly kind: Kind } | undefined {
  const [section = '', name] = path.split('.')
  if (name === undefined || !Object.hasOwn(KINDS, section)) return undefined
  return { name, kind: KINDS[section as keyof typeof KINDS] }
}
