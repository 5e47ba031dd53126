import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Configuration } from '../config/configuration.ts'
import { loadConfiguration } from '../config/load.ts'
import { ConfigError, formatProblem } from '../config/problem.ts'

/** Writes a startup.yaml and loads it. */
export function load(
  folder: string,
  text: string | Uint8Array,
  environment: NodeJS.ProcessEnv = {},
): Configuration {
  const file = join(folder, 'startup.yaml')
  writeFileSync(file, text)
  return loadConfiguration({ file }, environment)
}

/** The mistakes that are found in a startup.yaml, as a person reads them; none when it is good. */
export function mistakesIn(
  folder: string,
  text: string | Uint8Array,
  environment: NodeJS.ProcessEnv = {},
): readonly string[] {
  try {
    load(folder, text, environment)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(formatProblem)
  }
}
