import type { Configuration, InstanceSpec } from './configuration.ts'
import type { Refusal } from './check.ts'
import { open } from './load.ts'
import type { ConfigSource } from './load.ts'
import { ConfigError } from './problem.ts'
import type { Problem } from './problem.ts'

export type { ConfigSource } from './load.ts'

/** A configuration as it was written: references are not replaced, defaults not filled in. */
export type RawSections = Readonly<Record<string, unknown>>

/** What a configuration says, as far as it can be used: an instance with a mistake spoils no other. */
export interface Reading {
  /** Mistakes that concern more than one instance: nothing can be taken from the configuration then. */
  readonly problems: readonly Problem[]
  /** Holds only instances without a mistake; undefined when `problems` is not empty. */
  readonly configuration: Configuration | undefined
  /** Instances with a mistake, by name. */
  readonly refused: ReadonlyMap<string, Refusal>
  readonly raw: RawSections
  /** The files that it depends on beside itself, absolute. */
  readonly files: ReadonlySet<string>
}

/** Reads and checks a configuration as `loadConfiguration` does, and takes what is good of it. Throws nothing. */
export function readConfiguration(
  source: ConfigSource,
  environment: NodeJS.ProcessEnv = process.env,
): Reading {
  try {
    const { check, document, value, files } = open(source, environment)
    const configuration = check.configuration(value)
    const whole = check.sorted().filter(({ path }) => !isOf(check.refused, path))
    return {
      problems: whole,
      configuration: whole.length === 0 ? configuration : undefined,
      refused: check.refused,
      raw: (document.value ?? {}) as RawSections,
      files: new Set([...files.map(({ file }) => file), ...contentFiles(configuration), ...check.missing]),
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return {
      problems: error.problems,
      configuration: undefined,
      refused: new Map(),
      raw: {},
      files: new Set(),
    }
  }
}

function isOf(refused: Reading['refused'], path: string): boolean {
  const [, name] = path.split('.')
  return (
    name !== undefined &&
    refused.has(name) &&
    refused.get(name)!.problems.some((problem) => problem.path === path)
  )
}

function contentFiles(configuration: Configuration | undefined): readonly string[] {
  if (configuration === undefined) return []
  const { transports, filters, inputs, outputs } = configuration
  const all: readonly InstanceSpec[] = [...transports, ...filters, ...inputs, ...outputs]
  return all.flatMap(({ files }) => files.map(({ path }) => path))
}
