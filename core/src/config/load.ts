import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { Check, SECTIONS } from './check.ts'
import type { Configuration } from './configuration.ts'
import { fromObject, readYaml } from './document.ts'
import type { Document, Path } from './document.ts'
import { ConfigError } from './problem.ts'
import { resolveReferences } from './references.ts'

/** Where a configuration comes from: a YAML file, or an object of the same shape with the folder that its paths are meant from. */
export type ConfigSource = { readonly file: string } | { readonly config: unknown; readonly folder: string }

/** A document whose references are replaced, ready to be checked. */
export interface Opened {
  readonly folder: string
  readonly document: Document
  readonly value: unknown
  readonly check: Check
  /** The files that are named by references, each with where. */
  readonly files: readonly { readonly path: Path; readonly file: string }[]
}

/** Reads and checks a configuration, plugins' manifests included; runs no plugin code. Throws a ConfigError with every mistake. */
export function loadConfiguration(
  source: ConfigSource,
  environment: NodeJS.ProcessEnv = process.env,
): Configuration {
  const { check, value } = open(source, environment)
  const configuration = check.configuration(value)
  if (configuration === undefined || check.problems.length > 0) throw new ConfigError(check.sorted())
  return configuration
}

/** Reads a document and replaces its references. Throws a ConfigError when it cannot be read at all. */
export function open(source: ConfigSource, environment: NodeJS.ProcessEnv): Opened {
  const folder = 'file' in source ? dirname(resolve(source.file)) : resolve(source.folder)
  const document = 'file' in source ? readFile(source.file) : fromObject(source.config)
  if (document.value === undefined && document.problems.length > 0) throw new ConfigError(document.problems)
  const { value, missing, files } = resolveReferences(document.value, folder, environment)
  dropEmptySections(value)
  return { folder, document, value, files, check: new Check(document, folder, missing) }
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

// A section whose every entry is commented out reads as null.
function dropEmptySections(value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  const sections = value as Record<string, unknown>
  for (const section of SECTIONS) if (sections[section] === null) delete sections[section]
}
