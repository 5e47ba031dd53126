import { globSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { ROOT } from './gateway-process.ts'

/** One of the workspace's packages, with its sources. */
export interface Package {
  /** From the root, with slashes: `plugins/inputs/collectd`. */
  readonly folder: string
  readonly name: string
  /** What is there where it runs: dependencies and peers, but for those that may be left out. */
  readonly dependencies: readonly string[]
  readonly devDependencies: readonly string[]
  readonly sources: readonly Source[]
}

/** One source file. */
export interface Source {
  /** From the root, with slashes. */
  readonly file: string
  /** Whether it runs in tests only. */
  readonly test: boolean
  readonly text: string
}

/** Reads every package that the root's package.json names. */
export function packages(): readonly Package[] {
  const { workspaces } = readJson('package.json') as { workspaces: string[] }
  return workspaces.flatMap((pattern) =>
    globSync(`${pattern}/package.json`, { cwd: ROOT }).map((manifest) => {
      const folder = manifest.slice(0, -'/package.json'.length)
      const {
        name,
        dependencies = {},
        peerDependencies = {},
        peerDependenciesMeta = {},
        devDependencies = {},
      } = readJson(manifest) as unknown as Manifest
      return {
        folder,
        name,
        dependencies: [
          ...Object.keys(dependencies),
          ...Object.keys(peerDependencies).filter((peer) => peerDependenciesMeta[peer]?.optional !== true),
        ],
        devDependencies: Object.keys(devDependencies),
        sources: sourcesOf(folder),
      }
    }),
  )
}

interface Manifest {
  readonly name: string
  readonly dependencies?: object
  readonly peerDependencies?: object
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly devDependencies?: object
}

export function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readText(file)) as Record<string, unknown>
}

export function readText(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

function sourcesOf(folder: string): readonly Source[] {
  const files = globSync(`${folder}/**/*.{ts,js}`, {
    cwd: ROOT,
    exclude: (path) => ['node_modules', 'dist', 'state'].includes(basename(path)),
  })
  return files.map((path) => {
    const file = relative(ROOT, join(ROOT, path))
    return { file, test: /\.test\.ts$|(^|\/)test(ing)?\//.test(file), text: readText(file) }
  })
}
