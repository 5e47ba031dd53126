import { existsSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** A package of a closure, and which packages of the closure its imports reach, by the name that they use. */
export interface ClosurePackage {
  readonly name: string
  /** Real and absolute. */
  readonly folder: string
  readonly dependencies: ReadonlyMap<string, ClosurePackage>
}

/**
 * A package with everything that it depends on, found as Node finds it from each package's real folder; the package itself comes first.
 * A peer that is not there is what the host brings: what lies beside `host`, the folder of startup.yaml, or beside the gateway.
 * What a package imports without declaring it is not part of it. Throws an Error that names what is missing.
 */
export function closureOf(folder: string, host: string): readonly ClosurePackage[] {
  const known = new Map<string, ClosurePackage>()
  const visit = (real: string): ClosurePackage => {
    const before = known.get(real)
    if (before !== undefined) return before
    const { name, needed, welcome, peers } = readDeclared(real)
    const dependencies = new Map<string, ClosurePackage>()
    const found = { name, folder: real, dependencies }
    known.set(real, found)
    for (const dependency of new Set([...needed, ...welcome])) {
      const place =
        find(dependency, real) ??
        (peers.has(dependency) ? (find(dependency, host) ?? find(dependency, OWN_FOLDER)) : undefined)
      if (place !== undefined) dependencies.set(dependency, visit(place))
      else if (needed.has(dependency))
        throw new Error(
          `${name} depends on ${dependency}, which is not installed: run npm install where ${real} is installed`,
        )
    }
    return found
  }
  visit(realpathSync(folder))
  return [...known.values()]
}

/** So long an npm may take; what lies there longer was left by one that was killed, and no later one takes it away. */
const INSTALL_MS = 600_000

/** Whether npm is about to put another version in a package's place: it keeps the old one beside it, under a hidden name, until it is done. */
export function isBeingInstalled({ folder }: ClosurePackage, nowMs: number): boolean {
  const parent = dirname(folder)
  if (!folder.includes('/node_modules/')) return false
  const hidden = `.${basename(folder)}-`
  return readdirSync(parent).some((name) => {
    if (!name.startsWith(hidden) || !/^[a-zA-Z0-9]{8}$/.test(name.slice(hidden.length))) return false
    // Gone in this very moment: npm is done.
    const found = statSync(join(parent, name), { throwIfNoEntry: false })
    return found !== undefined && nowMs - found.ctimeMs < INSTALL_MS
  })
}

/** This package's own folder. */
const OWN_FOLDER = join(import.meta.dirname, '../..')

interface Declared {
  readonly name: string
  readonly needed: ReadonlySet<string>
  /** Used where they are there. */
  readonly welcome: ReadonlySet<string>
  readonly peers: ReadonlySet<string>
}

function readDeclared(folder: string): Declared {
  const {
    name = folder,
    dependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
    optionalDependencies = {},
  } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name?: string
    readonly dependencies?: Readonly<Record<string, string>>
    readonly peerDependencies?: Readonly<Record<string, string>>
    readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
    readonly optionalDependencies?: Readonly<Record<string, string>>
  }
  const peers = new Set(Object.keys(peerDependencies))
  const isWelcome = (peer: string): boolean => peerDependenciesMeta[peer]?.optional === true
  const welcome = new Set([...Object.keys(optionalDependencies), ...[...peers].filter(isWelcome)])
  const needed = new Set([...Object.keys(dependencies), ...peers].filter((one) => !welcome.has(one)))
  return { name, needed, welcome, peers }
}

function find(name: string, folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name)
    if (basename(at) !== 'node_modules' && existsSync(join(candidate, 'package.json')))
      return realpathSync(candidate)
    if (dirname(at) === at) return undefined
  }
}
