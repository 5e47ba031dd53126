import { createInterface } from 'node:readline/promises'
import { isKind, KINDS } from './kind.ts'
import type { Kind } from './kind.ts'
import { licenseOf } from './license.ts'
import { shortName } from './name.ts'
import type { Wanted } from './scaffold.ts'

/** What flags have said. */
export interface Given {
  readonly kind?: string
  readonly name?: string
  /** Not asked for: it has a default, and is two files to change. */
  readonly license?: string
}

/** Somebody who can answer. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
}

/**
 * Completes what was given with what is asked for. Without a terminal nothing is asked: a question without somebody to answer it would hang a
 * script for ever. Rejects with one sentence when something is missing then, or cannot be.
 */
export async function complete(given: Given, terminal: Terminal | undefined): Promise<Wanted> {
  const license = given.license === undefined ? {} : { license: licenseOf(given.license) }
  const missing = (['kind', 'name'] as const).filter((flag) => given[flag] === undefined)
  if (missing.length === 0) return { ...wantedOf(given.kind!, given.name!), ...license }
  if (terminal === undefined)
    throw new Error(
      `${missing.map((flag) => `--${flag}`).join(' and ')} must be given where there is no terminal`,
    )
  const asking = createInterface(terminal)
  try {
    const kinds = Object.keys(KINDS).join(', ')
    const kind = given.kind ?? (await asking.question(`What shall it be: ${kinds}? `)).trim()
    kindOf(kind)
    const name = given.name ?? (await asking.question('What is its name? ')).trim()
    return { ...wantedOf(kind, name), ...license }
  } finally {
    asking.close()
  }
}

function wantedOf(kind: string, name: string): Wanted {
  const known = kindOf(kind)
  return { kind: known, name: shortName(name, known) }
}

function kindOf(text: string): Kind {
  if (isKind(text)) return text
  throw new Error(`there is no kind "${text}": it is one of ${Object.keys(KINDS).join(', ')}`)
}
