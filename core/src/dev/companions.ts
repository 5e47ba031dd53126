import { mkdirSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Kind } from '@smart-gateway/sdk'

/** What stands around the plugin that is being written. */
const COMPANIONS = {
  sample: 'input',
  player: 'transport',
  text: 'input',
  show: 'output',
} as const satisfies Record<string, Kind>

/** Writes the companions' packages into a folder; gives the folder of each, to be named as a plugin. They are not copied: they lie in this package. */
export function writeCompanions(folder: string): Readonly<Record<keyof typeof COMPANIONS, string>> {
  const extension = extname(import.meta.filename)
  const homes = Object.entries(COMPANIONS).map(([name, kind]) => {
    const home = join(folder, name)
    mkdirSync(home, { recursive: true })
    const manifest = {
      name: `dev-${name}`,
      version: '1.0.0',
      type: 'module',
      main: 'index.js',
      smartGateway: { api: 1, kind },
    }
    writeFileSync(join(home, 'package.json'), JSON.stringify(manifest))
    const module = pathToFileURL(join(import.meta.dirname, name + extension)).href
    writeFileSync(join(home, 'index.js'), `export { default } from ${JSON.stringify(module)}\n`)
    return [name, home]
  })
  return Object.fromEntries(homes) as Record<keyof typeof COMPANIONS, string>
}
