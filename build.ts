/**
 * Builds the package in whose folder it is run, as it is published: each entry of its `exports` as one file of JavaScript,
 * for every file that an import reads holds up the event loop of the gateway that swaps it in; and the types beside it.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'rolldown'

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>
}

/** An entry that is published; others are for this workspace's own use, or are no code. */
interface Entry {
  readonly '@smart-gateway/source': string
  readonly default: string
}

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const entries = Object.values(exports).filter(isEntry)

await build({
  input: Object.fromEntries(
    entries.map((entry) => [entry.default.replace(/^\.\/dist\/|\.js$/g, ''), entry['@smart-gateway/source']]),
  ),
  // What is of another package stays that package's: it is installed, upgraded and shared by itself. The few functions that a plugin
  // has from the SDK come along: three of its modules took 1.3 of the 2.8 ms for which the import of a decoder holds up the event loop.
  external: (id) => /^[^./]/.test(id) && !/^@smart-gateway\/sdk(\/|$)/.test(id),
  resolve: { conditionNames: ['@smart-gateway/source', 'node', 'import', 'default'] },
  onLog(level, { message }) {
    // What is only warned of, an import that leads nowhere say, is no good in what is published.
    if (level === 'warn') throw new Error(message)
  },
  platform: 'node',
  output: { dir: 'dist', cleanDir: true },
})
const tsc = join(import.meta.dirname, 'node_modules/typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--emitDeclarationOnly'], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1

function isEntry(target: unknown): target is Entry {
  return typeof target === 'object' && target !== null && 'default' in target
}
