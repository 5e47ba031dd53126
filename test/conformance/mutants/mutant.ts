import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A plugin that is broken in one place, and the checks that have to find it. */
export interface Mutant {
  /** What it does that no plugin may do. */
  readonly does: string
  readonly base: 'output' | 'input' | 'source' | 'transport' | 'listener' | 'filter'
  readonly changes: readonly Change[]
  /** Every check that it fails, MUST and SHOULD. */
  readonly fails: readonly string[]
  /** Every one that it fails in a thread of its own; left out, it is not tried there. */
  readonly failsInThread?: readonly string[]
}

/** One text in the place of another, which stands there once; or a file more, or less. */
export type Change =
  | { readonly file: string; readonly from: string; readonly to: string }
  | { readonly file: string; readonly text: string }
  | { readonly file: string; readonly gone: true }

/** A change of the module. */
export function code(from: string, to: string): Change {
  return { file: 'index.js', from, to }
}

/** A change of the manifest. */
export function manifest(from: string, to: string): Change {
  return { file: 'package.json', from, to }
}

/** Of an output: its store keeps one of the records with the same id. */
export const STORE_WITH_IDS: readonly Change[] = [
  { file: 'conformance.js', from: 'knowsIds: false', to: 'knowsIds: true' },
  {
    file: 'conformance.js',
    from: 'received: () => lines',
    to: 'received: () => [...new Map(lines.map((line) => [JSON.parse(line).id ?? Symbol(line), line])).values()]',
  },
]

/** Puts a base into a folder, with the changes made. Throws when a text to be changed does not stand there once. */
export function writeMutant({ base, changes }: Pick<Mutant, 'base' | 'changes'>, folder: string): void {
  cpSync(join(import.meta.dirname, 'bases', base), folder, { recursive: true })
  for (const change of changes) {
    const path = join(folder, change.file)
    if ('gone' in change) {
      rmSync(path)
      continue
    }
    if ('text' in change) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, change.text)
      continue
    }
    const parts = readFileSync(path, 'utf8').split(change.from)
    if (parts.length !== 2)
      throw new Error(`${change.file} of ${base} holds ${parts.length - 1} times: ${change.from}`)
    writeFileSync(path, parts.join(change.to))
  }
}
