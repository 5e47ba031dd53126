import { ConfigError } from '../config/problem.ts'

/** The exit status of a configuration that cannot be used (EX_CONFIG). */
export const EXIT_CONFIG = 78

/** Runs what may find mistakes in a configuration: prints them and ends the process with 78. */
export function orExit<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`smart-gateway: ${error.message}\n`)
    process.exit(EXIT_CONFIG)
  }
}
