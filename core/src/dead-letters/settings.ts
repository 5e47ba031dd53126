import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { adminSocketOf } from '../admin/admin-socket.ts'
import { stateFolderOf } from '../change/boot.ts'
import { readYaml } from '../config/document.ts'
import { ConfigError } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import { resolveReferences } from '../config/references.ts'
import { HOST_SCHEMA } from '../config/schema.ts'
import { Validator } from '../config/validator.ts'

/** Where a gateway keeps its letters and where it is reached. */
export interface GatewayPlace {
  readonly stateFolder: string
  readonly admin: { readonly host: string; readonly port: number; readonly token?: string }
}

/**
 * Reads what stands under `gateway` in a startup.yaml, and nothing else of it: whoever looks after letters has neither the plugins
 * nor the passwords of the stores at hand. Where that has mistakes, a gateway that runs is still found over the Unix socket in its state
 * folder. Throws a ConfigError when the file has mistakes and no gateway runs there.
 */
export function readGatewayPlace(file: string, environment = process.env): GatewayPlace {
  try {
    return readPlace(file, environment)
  } catch (error) {
    const stateFolder = stateFolderOf(file)
    if (!(error instanceof ConfigError) || !existsSync(adminSocketOf(stateFolder))) throw error
    return { stateFolder, admin: { host: '127.0.0.1', port: 0 } }
  }
}

function readPlace(file: string, environment: NodeJS.ProcessEnv): GatewayPlace {
  const folder = dirname(resolve(file))
  const document = readYaml(basename(file), readText(file))
  if (document.value === undefined && document.problems.length > 0) throw new ConfigError(document.problems)
  const { gateway } = (document.value ?? {}) as { readonly gateway?: unknown }
  const { value, missing } = resolveReferences({ gateway: gateway ?? {} }, folder, environment)
  const problems: Problem[] = [...missing, ...new Validator().check(SCHEMA, value)].map(
    ({ path, message }) => ({
      file: document.file,
      ...document.at(path),
      path: path.join('.'),
      message,
    }),
  )
  if (problems.length > 0) throw new ConfigError(problems)
  const { state, admin } = (value as { gateway: { state: string; admin: GatewayPlace['admin'] } }).gateway
  return { stateFolder: resolve(folder, state), admin }
}

const SCHEMA = { type: 'object', properties: { gateway: HOST_SCHEMA.properties.gateway } } as const

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const message = `cannot be read (${(error as NodeJS.ErrnoException).code}); give its path`
    throw new ConfigError([{ file, path: '', message }])
  }
}
