import { globSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'

/** The files of a package that a person writes: its code, without what is installed and what is built of it. */
export function sourcesOf(folder: string, entry: string, built: boolean): readonly string[] {
  const [top = ''] = relative(folder, entry).split(sep)
  const others = new Set(['node_modules', 'state', '.git', ...(built && top !== 'src' ? [top] : [])])
  return globSync('**/*.{ts,mts,cts,js,mjs,cjs,json}', {
    cwd: folder,
    exclude: (path) => others.has(basename(path)),
  }).map((file) => join(folder, file))
}
