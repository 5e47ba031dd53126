import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { Kind } from './kind.ts'
import { licenseText } from './license.ts'
import type { License } from './license.ts'
import { packageName } from './name.ts'
import { packageJson } from './package-json.ts'

/** What is to be made. */
export interface Wanted {
  readonly kind: Kind
  /** Its short name. */
  readonly name: string
  readonly license?: License
}

/** Writes a new plugin into a folder that is empty or not there. Returns its files. Throws an Error with one sentence when something is in its way. */
export function scaffold(folder: string, wanted: Wanted): readonly string[] {
  const inTheWay = existsSync(folder) ? readdirSync(folder).filter((name) => name !== '.git') : []
  if (inTheWay.length > 0)
    throw new Error(`${resolve(folder)} is not empty (${inTheWay[0]}): name a folder that is new`)
  const license = licenseText(wanted.license ?? 'Apache-2.0', packageName(wanted.name, wanted.kind))
  const files = new Map([
    ['package.json', `${JSON.stringify(packageJson(wanted), undefined, 2)}\n`],
    ...templateFiles('every', wanted),
    ...templateFiles(wanted.kind, wanted),
    ...(license === undefined ? [] : ([['LICENSE', license]] as const)),
  ])
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  return [...files.keys()]
}

const TEMPLATES = resolve(import.meta.dirname, '../template')
/** The templates are whole plugins of this name. */
const NAME = 'my-plugin'
/** npm takes no file of that name into a package. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' }

function templateFiles(template: string, { name }: Wanted): readonly (readonly [string, string])[] {
  const folder = join(TEMPLATES, template)
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = relative(folder, join(entry.parentPath, entry.name))
      const text = readFileSync(join(folder, file), 'utf8')
      return [RENAMED[file] ?? file, text.replaceAll(NAME, name)] as const
    })
}
