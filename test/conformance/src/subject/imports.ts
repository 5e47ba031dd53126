import { existsSync, readFileSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { BUILT, CONDITIONS, target } from './plugin-package.ts'
import type { PluginPackage } from './plugin-package.ts'

/**
 * The packages that a plugin's code imports, each with the first of its modules that does: what the entry points of its package lead to,
 * read without running any of it. What is made up while it runs (`import(name)`) is not seen.
 */
export function importedPackages(plugin: PluginPackage): ReadonlyMap<string, string> {
  const { folder, json, name } = plugin
  const packages = new Map<string, string>()
  const waiting = [...entriesOf(plugin)]
  const seen = new Set<string>()
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    for (const specifier of specifiersIn(readFileSync(file, 'utf8'))) {
      const meant = specifier.startsWith('#') ? (aliased(json['imports'], specifier) ?? specifier) : specifier
      if (/^\.\.?(\/|$)/.test(meant)) {
        const from = specifier === meant ? dirname(file) : folder
        waiting.push(...moduleAt(join(from, meant)))
        continue
      }
      if (/^[#/]|^(node|data|file|https?):/.test(meant) || isBuiltin(meant)) continue
      const [scope, rest] = meant.split('/')
      const imported = meant.startsWith('@') ? `${scope}/${rest}` : scope!
      if (imported !== name && !packages.has(imported)) packages.set(imported, relative(folder, file))
    }
  }
  return packages
}

/** The modules at which others may begin: all that `exports` leads to, else `main`. */
function entriesOf({ folder, json, entry }: PluginPackage): readonly string[] {
  const exported = json['exports']
  const subpaths =
    typeof exported === 'object' && exported !== null
      ? Object.entries(exported).filter(([key]) => key.startsWith('./'))
      : []
  const beside = subpaths.flatMap(([, one]) =>
    [target(one, CONDITIONS), target(one, BUILT)].filter((path) => path !== undefined).slice(0, 1),
  )
  const files = beside.flatMap((path) => moduleAt(join(folder, path)))
  return entry === undefined ? files : [entry, ...files]
}

/** The file that holds a module; none where it is no code, or is not there. */
function moduleAt(path: string): readonly string[] {
  // A source may name what will be built of its neighbour; CommonJS leaves the ending out.
  const candidates = [
    path,
    path.replace(/\.([cm]?)js$/, '.$1ts'),
    ...['.js', '.cjs', '.ts', '/index.js', '/index.ts'].map((ending) => path + ending),
  ]
  const found = candidates.find((one) => existsSync(one) && statSync(one).isFile())
  return found !== undefined && /\.[cm]?[jt]s$/.test(found) && !/\.d\.[cm]?ts$/.test(found) ? [found] : []
}

/** What the package's own `imports` make of a name that begins with #. */
function aliased(imports: unknown, specifier: string): string | undefined {
  for (const [key, one] of Object.entries((imports ?? {}) as object)) {
    const [begin, end] = key.split('*') as [string, string?]
    const isMeant =
      end === undefined ? key === specifier : specifier.startsWith(begin) && specifier.endsWith(end)
    if (!isMeant) continue
    const path = target(one, CONDITIONS)
    return path?.replace('*', specifier.slice(begin.length, specifier.length - (end ?? '').length))
  }
  return undefined
}

/** Texts are kept, for specifiers are some; comments show imports that are none. */
const TEXT_OR_COMMENT =
  /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[^]*?\*\/|\/\/[^\n]*/g
const STATEMENT =
  /(?:^|[;}\n])\s*(?:import|export)(?![\w$]|\s+type\s)\s*(?:[\w$*{},\s]+?\bfrom\s*|[*}]\s*from\s*)?(['"])([^'"\n]+)\1/g
const CALL = /\b(?:import|require|require\.resolve|import\.meta\.resolve)\(\s*(['"])([^'"\n]+)\1\s*[),]/g
/** A thread of its own, say. */
const BESIDE = /\bnew URL\(\s*(['"])(\.[^'"\n]+)\1\s*,\s*import\.meta\.url\s*\)/g

function specifiersIn(text: string): readonly string[] {
  const code = text.replaceAll(TEXT_OR_COMMENT, (_, kept: string | undefined) => kept ?? ' ')
  return [STATEMENT, CALL, BESIDE].flatMap((pattern) =>
    [...code.matchAll(pattern)].map(([, , specifier]) => specifier!),
  )
}
