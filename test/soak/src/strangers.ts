import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What strangers' code does: at its import, at its open, or a while later. */
const DEEDS = {
  sound: '',
  exits: 'process.exit(1)',
  throws: `throw new Error('at open')`,
  'throws-later': `setTimeout(() => { throw new Error('later') })`,
  'opens-late': 'await new Promise((resolve) => setTimeout(resolve, 1000))',
  loops: 'setTimeout(() => { for (;;); })',
  'gives-nothing': 'return {}',
} as const

/** Writes an output for each deed below the folder. Returns how startup.yaml names them. */
export function writeStrangers(folder: string): readonly string[] {
  return Object.entries(DEEDS).map(([name, deed]) => {
    const home = join(folder, name)
    mkdirSync(home)
    const manifest = {
      name: `soak-${name}`,
      version: '1.0.0',
      type: 'module',
      exports: './index.js',
      smartGateway: { api: 1, kind: 'output' },
    }
    writeFileSync(join(home, 'package.json'), JSON.stringify(manifest))
    writeFileSync(
      join(home, 'index.js'),
      `export default {
  api: 1, kind: 'output', name: '${name}', signals: ['metric'], options: { type: 'object' },
  async open() { ${deed}; return { async write() {} } },
}
`,
    )
    return `./${name}`
  })
}
