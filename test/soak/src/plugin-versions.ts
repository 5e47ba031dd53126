import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ROOT } from '../../e2e/src/gateway-process.ts'

export const COLLECTD = join(ROOT, 'plugins/inputs/collectd')
export const PROMETHEUS = join(ROOT, 'plugins/outputs/prometheus')
export const LEDGER = resolve(import.meta.dirname, '../ledger')

/** Versions 1.0.0 and 2.0.0 of a plugin, each a folder of its own with all that it needs, as npm would install them. */
export function writeVersions(plugin: string, folder: string, name: string): readonly [string, string] {
  return [
    write(plugin, join(folder, `${name}-1`), '1.0.0'),
    write(plugin, join(folder, `${name}-2`), '2.0.0'),
  ]
}

const SDK = '@smart-gateway/sdk'

function write(plugin: string, target: string, version: string): string {
  const manifest = install(plugin, target)
  writeFileSync(join(target, 'package.json'), JSON.stringify({ ...manifest, version }))
  if (SDK in (manifest.peerDependencies ?? {})) install(join(ROOT, 'sdk'), join(target, 'node_modules', SDK))
  return target
}

interface Manifest {
  readonly files: readonly string[]
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Copies what a package publishes, no more: every other file would be one that each swap reads and copies. */
function install(from: string, to: string): Manifest {
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as Manifest
  for (const name of ['package.json', 'README.md', 'LICENSE', ...manifest.files]) {
    // What is left out begins with a mark; what was not built yet is run from its sources.
    if (!existsSync(join(from, name))) continue
    const isPublished = (path: string): boolean => !path.endsWith('.test.ts')
    cpSync(join(from, name), join(to, name), { recursive: true, filter: isPublished })
  }
  return manifest
}
