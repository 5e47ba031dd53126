/** The SDK as it is published, built into a folder of its own: what is measured of it, and the snapshot of its types. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './gateway-process.ts'
import { readJson } from './workspace.ts'

/** Builds the SDK into a new folder, without comments; the folder is the caller's to remove. */
export function buildSdk(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-build-'))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const flags = ['-p', 'sdk/tsconfig.build.json', '--outDir', folder, '--removeComments']
  execFileSync(process.execPath, [tsc, ...flags], { cwd: ROOT, stdio: 'pipe' })
  return folder
}

/** The modules that a plugin can import, by what stands behind the package's name: `.`, `./json`; each as a file of a build. */
export function entriesOf(): ReadonlyMap<string, string> {
  const exports = readJson('sdk/package.json')['exports'] as Record<
    string,
    string | { readonly default: string }
  >
  return new Map(
    Object.entries(exports).flatMap(([name, target]) =>
      typeof target === 'string' ? [] : [[name, target.default.replace('./dist/', '')] as const],
    ),
  )
}

/** The types of all that a plugin can import, as one text: the declarations of the entries, and of what they lead to. */
export function apiText(folder: string): string {
  const entries = entriesOf()
  const files = new Map<string, string>()
  const gather = (file: string): void => {
    if (files.has(file)) return
    const text = readFileSync(join(folder, file), 'utf8')
    files.set(file, text)
    for (const [, specifier] of text.matchAll(/\bfrom '(\.[^']+)'/g))
      gather(join(file, '..', specifier!).replace(/\.[jt]s$/, '.d.ts'))
  }
  for (const entry of entries.values()) gather(entry.replace(/\.js$/, '.d.ts'))
  const heads = [...entries].map(([name, file]) => `${name.replace(/^\./, '@smart-gateway/sdk')}: ${file}`)
  const bodies = [...files]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, text]) => `=== ${file}\n${text.trimEnd()}\n`)
  const note =
    'The public types of the SDK, made by `npm run api`: a change in here is a change for every plugin.'
  return `${note}\n\n${heads.join('\n')}\n\n${bodies.join('\n')}`
}
