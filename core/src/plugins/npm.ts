import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { GatewayError } from '../errors.ts'
import type { PluginSource } from './source.ts'

/** Which packages may be fetched. */
export interface NpmRules {
  /** Names, or scopes as `@acme/*`; undefined: every one. */
  readonly allow?: readonly string[] | undefined
  /** The integrity of `name@version`. A package of which any version stands here is taken in these versions only. */
  readonly pinned?: Readonly<Record<string, string>> | undefined
}

/** A package that npm installed, with its dependencies beside it. */
export interface Installed {
  readonly folder: string
  /** As `sha512-…`. */
  readonly integrity: string
}

const TIMEOUT_MS = 120_000
const TOLD_CHARACTERS = 2000
const NAME = /^(@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/
const VERSION = /^[\^~]?[a-zA-Z0-9*][\w.*+-]*$/

/**
 * Installs a package into an empty folder with the npm that is on the PATH, without running any script of it. Registry and credentials
 * are the user's npm's own. Rejects with SG_NOT_ALLOWED before anything is fetched that may not be, or with an Error that says what npm said.
 */
export async function installFromNpm(
  source: PluginSource & { readonly kind: 'npm' | 'tarball' },
  home: string,
  { folder: base, ...rules }: NpmRules & { readonly folder: string },
  signal: AbortSignal,
): Promise<Installed> {
  if (source.kind === 'npm') mayBeFetched(source.name, source.version, rules)
  await mkdir(home, { recursive: true, mode: 0o700 })
  await writeFile(join(home, 'package.json'), '{"private":true}\n')
  const wanted =
    source.kind === 'npm' ? `${source.name}@${source.version}` : tarballOf(resolve(base, source.path))
  await npm(['install', ...FLAGS, '--prefix', home, wanted], home, signal)
  const [name] = Object.keys(dependenciesIn(join(home, 'package.json')))
  if (name === undefined) throw new Error(`npm installed nothing for ${wanted}`)
  const folder = join(home, 'node_modules', name)
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
  if (!isAllowed(name, rules)) throw notAllowed(name)
  const integrity =
    source.kind === 'npm' ? await recorded(home, name) : await digestOf(resolve(base, source.path))
  checkPin(name, version, integrity, rules)
  return { folder, integrity }
}

// The SDK is a peer that the gateway itself brings.
const FLAGS = [
  '--ignore-scripts',
  '--omit=dev',
  '--no-audit',
  '--no-fund',
  '--legacy-peer-deps',
  '--no-progress',
]

function mayBeFetched(name: string, version: string, rules: NpmRules): void {
  if (!NAME.test(name))
    throw new GatewayError('SG_NOT_ALLOWED', `${JSON.stringify(name)} is no name of an npm package`)
  if (!VERSION.test(version))
    throw new GatewayError(
      'SG_NOT_ALLOWED',
      `${JSON.stringify(version)} is no version, range or tag of an npm package`,
    )
  if (!isAllowed(name, rules)) throw notAllowed(name)
}

function isAllowed(name: string, { allow }: NpmRules): boolean {
  return (
    allow === undefined ||
    allow.some((one) => one === name || (one.endsWith('/*') && name.startsWith(one.slice(0, -1))))
  )
}

function notAllowed(name: string): GatewayError {
  return new GatewayError(
    'SG_NOT_ALLOWED',
    `${name} is not among the packages that gateway.plugins.allow admits`,
  )
}

function checkPin(name: string, version: string, integrity: string, { pinned = {} }: NpmRules): void {
  const expected = pinned[`${name}@${version}`]
  const isPinned = Object.keys(pinned).some((one) => one.slice(0, one.lastIndexOf('@')) === name)
  if (!isPinned || expected === integrity) return
  const reason =
    expected === undefined ? 'this version is not among those' : `its integrity is ${integrity}, not the one`
  throw new GatewayError(
    'SG_NOT_ALLOWED',
    `${name}@${version} is refused: ${reason} that gateway.plugins.pinned names`,
  )
}

function tarballOf(path: string): string {
  if (!existsSync(path)) throw new Error(`there is no file ${path}`)
  return path
}

function dependenciesIn(file: string): Readonly<Record<string, string>> {
  const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as {
    dependencies?: Record<string, string>
  }
  return dependencies
}

async function recorded(home: string, name: string): Promise<string> {
  const lock = JSON.parse(await readFile(join(home, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly integrity?: string }>>
  }
  const integrity = lock.packages[`node_modules/${name}`]?.integrity
  if (integrity === undefined) throw new Error(`npm recorded no integrity for ${name}`)
  return integrity
}

async function digestOf(file: string): Promise<string> {
  return `sha512-${createHash('sha512')
    .update(await readFile(file))
    .digest('base64')}`
}

async function npm(args: readonly string[], cwd: string, signal: AbortSignal): Promise<void> {
  // A group of its own, so that nothing that npm has started outlives it.
  const child = spawn('npm', args, { cwd, detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => void (said = (said + text).slice(-TOLD_CHARACTERS)))
  const end = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It is over already: what it started in a session of its own still holds its output, and is not waited for.
    }
    child.stderr.destroy()
  }
  end.addEventListener('abort', kill)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', (cause) =>
        reject(new Error('npm cannot be started: install it, or swap to a folder', { cause })),
      )
      child.on('close', resolve)
    })
    if (end.aborted)
      throw new Error(signal.aborted ? 'npm was given up' : `npm did not end within ${TIMEOUT_MS / 1000} s`)
    if (code !== 0) throw new Error(`npm failed: ${said.trim().replaceAll(/\s*\n\s*/g, ' | ')}`)
  } finally {
    end.removeEventListener('abort', kill)
  }
}
