import { readdir, realpath, rename, unlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

/** When a file is put aside, and how many of those are kept. */
export interface Rotation {
  readonly maxBytes: number
  readonly keep: number
}

/**
 * Puts a file aside as `<file>.1`; those put aside before move up by one, and what is beyond `keep` is removed. They move up from
 * the oldest, each into a free name and only up to the first gap: a crash between two moves leaves a gap, and the next rotation
 * closes it. Resolves with the file's own path, which is another when `path` is a link.
 */
export async function rotate(path: string, keep: number): Promise<string> {
  const file = await realpath(path)
  const numbers = await numbersOf(file)
  let free = 1
  while (numbers.has(free) && free < keep) free += 1
  for (let number = free; number > 1; number -= 1) await rename(`${file}.${number - 1}`, `${file}.${number}`)
  await rename(file, `${file}.1`)
  return file
}

/** Removes what was put aside beyond `keep`: there is more when `keep` was lowered. */
export async function removeBeyond(file: string, keep: number): Promise<void> {
  for (const number of await numbersOf(file)) if (number > keep) await unlink(`${file}.${number}`)
}

/** The most files that may be kept: a longer number after the name is taken for a date, and let alone. */
export const MOST_KEPT = 999

const NUMBER = /^\.([1-9]\d{0,2})$/

async function numbersOf(file: string): Promise<ReadonlySet<number>> {
  const name = basename(file)
  const others = (await readdir(dirname(file))).filter((other) => other.startsWith(name))
  return new Set(others.flatMap((other) => Number(NUMBER.exec(other.slice(name.length))?.[1] ?? [])))
}
