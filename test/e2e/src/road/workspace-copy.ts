import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ROOT } from '../gateway-process.ts'
import { packages } from '../workspace.ts'

/** Copies the workspace's sources, to be built there: its own builds lie where others look at them. What is installed is linked. */
export function copyWorkspace(copy: string): void {
  cpSync(ROOT, copy, { recursive: true, filter: isSource })
  const modules = join(copy, 'node_modules')
  mkdirSync(modules)
  const own = packages()
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (!name.startsWith('.package') && name !== '@smart-gateway' && !own.some((one) => one.name === name))
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  for (const { name, folder } of own) {
    mkdirSync(join(modules, name, '..'), { recursive: true })
    symlinkSync(join(copy, folder), join(modules, name))
  }
}

function isSource(path: string): boolean {
  const inside = relative(ROOT, path)
  return !/(^|\/)(node_modules|dist|state|\.git)(\/|$)/.test(inside) && !inside.startsWith('test/fixtures/')
}
