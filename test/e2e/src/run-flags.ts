import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
  scripts: { start: string }
}

/** The flags that `npm start` runs Node with: what is measured is what users run. */
export const RUN_FLAGS: readonly string[] = scripts.start.match(/--[\w-]+=\d+/g) ?? []
