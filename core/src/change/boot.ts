import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Configuration } from '../config/configuration.ts'
import { readYaml } from '../config/document.ts'
import { readLastGood } from '../config/last-good.ts'
import type { LastGood } from '../config/last-good.ts'
import { loadConfiguration } from '../config/load.ts'
import type { ConfigSource } from '../config/load.ts'
import { ConfigError } from '../config/problem.ts'

/** What a gateway begins with. */
export interface Boot {
  readonly configuration: Configuration
  /** What the last run left, where it left something. */
  readonly lastGood: LastGood | undefined
  /** Why the last good configuration stands in for what the file holds now. */
  readonly instead: ConfigError | undefined
  /** Why what the last run left could not be read. */
  readonly unreadable: string | undefined
}

/**
 * Reads the configuration to begin with: what the file holds, or the last good one where that has mistakes and an earlier run left one.
 * Throws a ConfigError when there is none, or when it is `strict`.
 */
export function boot(
  source: ConfigSource,
  environment: NodeJS.ProcessEnv,
  { strict = false }: { readonly strict?: boolean } = {},
): Boot {
  try {
    const configuration = loadConfiguration(source, environment)
    return { configuration, instead: undefined, ...left(source, configuration.gateway.stateFolder) }
  } catch (error) {
    if (strict || !(error instanceof ConfigError) || !('file' in source) || !existsSync(source.file))
      throw error
    const folder = dirname(resolve(source.file))
    const { lastGood, unreadable } = left(source, stateFolderOf(source.file))
    if (lastGood === undefined) throw error
    try {
      const configuration = loadConfiguration({ config: lastGood.raw, folder }, environment)
      return { configuration, lastGood, instead: error, unreadable }
    } catch {
      throw error
    }
  }
}

// An object is whatever its caller says it is: what another one left in the same folder is not its business.
function left(source: ConfigSource, stateFolder: string): Pick<Boot, 'lastGood' | 'unreadable'> {
  if (!('file' in source)) return { lastGood: undefined, unreadable: undefined }
  const { lastGood, reason } = readLastGood(join(stateFolder, 'last-good.json'))
  return { lastGood, unreadable: reason }
}

/** The state folder of a file with mistakes, as far as that can be found: the lines below `gateway:` may be good where others are not. */
export function stateFolderOf(file: string): string {
  const folder = dirname(resolve(file))
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return join(folder, 'state')
  }
  const [, block = ''] = /^(gateway:.*(?:\n(?![^\s#]).*)*)/m.exec(text) ?? []
  const { value } = readYaml(basename(file), block)
  const state = (value as { gateway?: { state?: unknown } | null } | undefined)?.gateway?.state
  return resolve(folder, typeof state === 'string' ? state : 'state')
}
