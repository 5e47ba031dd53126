import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** An installed package, by its name and where it lies. */
export interface Installed {
  readonly name: string
  readonly folder: string
}

/**
 * A package and all that it depends on, as far as it is installed where Node looks for it. What it takes only where somebody else brings
 * it (an optional peer) is not among them.
 */
export function* closureOf(first: Installed): Generator<Installed> {
  const seen = new Set<string>()
  const waiting = [first]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const folder = realpathSync(next.folder)
    if (seen.has(folder)) continue
    seen.add(folder)
    yield { name: next.name, folder }
    for (const name of dependenciesOf(folder)) {
      const found = installedFrom(folder, name)
      if (found !== undefined) waiting.push({ name, folder: found })
    }
  }
}

/** Its files of native code, and what such a file is built from: paths within it, as many as are looked at. */
export function nativeFilesIn(
  folder: string,
  most: number,
): { readonly files: readonly string[]; readonly seen: number } {
  const files: string[] = []
  let seen = 0
  const look = (within: string): void => {
    for (const entry of readdirSync(join(folder, within), { withFileTypes: true })) {
      if (seen >= most) return
      seen++
      const path = join(within, entry.name)
      // What is installed within is looked at as a package of its own, if it is one of its dependencies.
      if (entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== '.git') look(path)
      else if (entry.isFile() && (path === 'binding.gyp' || /.\.node$/.test(entry.name))) files.push(path)
    }
  }
  look('')
  return { files, seen }
}

function dependenciesOf(folder: string): readonly string[] {
  const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    object | undefined
  >
  const isOptional = (name: string): boolean =>
    (json['peerDependenciesMeta'] as Record<string, { readonly optional?: boolean }> | undefined)?.[name]
      ?.optional === true
  const peers = Object.keys(json['peerDependencies'] ?? {}).filter((name) => !isOptional(name))
  return [json['dependencies'], json['optionalDependencies']]
    .flatMap((one) => Object.keys(one ?? {}))
    .concat(peers)
}

/** Where a package that another one names is found: in a `node_modules` beside it or above. */
function installedFrom(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = join(at, 'node_modules', name)
    if (existsSync(join(found, 'package.json'))) return found
    if (at === dirname(at)) return undefined
  }
}
