import { cpSync, readFileSync, writeFileSync } from 'node:fs'
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

function write(plugin: string, target: string, version: string): string {
  const isOwn = (path: string): boolean => !path.includes('node_modules')
  cpSync(plugin, target, { recursive: true, filter: (path) => isOwn(path.slice(plugin.length)) })
  const manifest = JSON.parse(readFileSync(join(plugin, 'package.json'), 'utf8')) as Record<string, unknown>
  writeFileSync(join(target, 'package.json'), JSON.stringify({ ...manifest, version }))
  if ('dependencies' in manifest) {
    const sdk = join(ROOT, 'sdk')
    cpSync(sdk, join(target, 'node_modules/@smart-gateway/sdk'), {
      recursive: true,
      filter: (path) => isOwn(path.slice(sdk.length)),
    })
  }
  return target
}
