import { mkdtempSync, readdirSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'

const MAX_ENTRIES = 5000
/** What others write at any time. */
const NOBODYS = new Set(['node_modules', '.git'])

/** Where a plugin has no business: its own package, the working folder, and the system's folder for temporary files, of which a thread is given one of its own. */
export class ForeignFiles {
  /** To be the TMPDIR of the thread. */
  readonly temporary: string
  readonly #folders: readonly { readonly folder: string; readonly depth: number }[]
  readonly #mine: readonly string[]
  readonly #before: ReadonlyMap<string, string>

  /** `options` may name files, which are the plugin's then. */
  constructor(scratch: string, packageFolder: string, options: unknown) {
    this.temporary = mkdtempSync(join(scratch, 'tmp-'))
    this.#folders = [
      { folder: this.temporary, depth: 3 },
      { folder: packageFolder, depth: 3 },
      { folder: process.cwd(), depth: 1 },
    ]
    this.#mine = textsIn(options)
    this.#before = this.#look()
  }

  /** The files that are new or have changed. */
  get changed(): readonly string[] {
    const files = [...this.#look()].filter(([file, state]) => this.#before.get(file) !== state)
    return files.map(([file]) => file).filter((file) => !this.#isMine(file))
  }

  #isMine(file: string): boolean {
    return this.#mine.some((mine) => file === mine || file.startsWith(`${mine}${sep}`))
  }

  #look(): ReadonlyMap<string, string> {
    const found = new Map<string, string>()
    for (const { folder, depth } of this.#folders) look(folder, depth, found)
    return found
  }
}

function look(folder: string, depth: number, found: Map<string, string>): void {
  for (const entry of entriesOf(folder)) {
    if (NOBODYS.has(entry.name) || found.size >= MAX_ENTRIES) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      found.set(path, 'folder')
      if (depth > 1) look(path, depth - 1, found)
    } else if (entry.isFile()) found.set(path, stateOf(path))
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

function stateOf(file: string): string {
  try {
    const { mtimeMs, size } = statSync(file)
    return `${mtimeMs} ${size}`
  } catch {
    return ''
  }
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}
