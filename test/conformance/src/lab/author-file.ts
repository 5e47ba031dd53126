import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Author } from '../author.ts'

const PLACES = ['.', 'test']
const NAMES = ['conformance.ts', 'conformance.mts', 'conformance.js', 'conformance.mjs']

/** The file in which a plugin's author says something to the suite, or undefined. */
export function authorFile(folder: string): string | undefined {
  return PLACES.flatMap((place) => NAMES.map((name) => join(folder, place, name))).find((file) =>
    existsSync(file),
  )
}

/** What the author says; nothing where there is no such file. Rejects when it cannot be imported. */
export async function importAuthor(file: string | undefined): Promise<Author> {
  if (file === undefined) return {}
  const { default: author } = (await import(pathToFileURL(file).href)) as { readonly default?: unknown }
  if (typeof author !== 'object' || author === null)
    throw new Error(`${file} has no default export that is an object`)
  return author as Author
}
