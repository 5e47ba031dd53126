import { basename, join } from 'node:path'
import { runCommand } from '../command.ts'
import { packages, readJson } from '../workspace.ts'
import { copyWorkspace } from './workspace-copy.ts'

/** One package as it would be published. */
export interface PackedPackage {
  readonly name: string
  readonly folder: string
  readonly file: string
}

/**
 * Packs every package that is not private, as npm publish would, in a copy of the workspace: its own builds lie where others look at them.
 * The tarballs lie in `folder` afterwards.
 */
export async function packAll(folder: string): Promise<readonly PackedPackage[]> {
  const copy = join(folder, 'workspace')
  copyWorkspace(copy)
  const published = packages().filter(({ folder }) => readJson(`${folder}/package.json`)['private'] !== true)
  // The SDK first: the others are built against its types.
  const inOrder = published.toSorted((a, b) => Number(b.folder === 'sdk') - Number(a.folder === 'sdk'))
  const flags = inOrder.flatMap((one) => ['--workspace', one.folder])
  const npm = runCommand('npm', ['pack', '--json', '--pack-destination', folder, ...flags], copy)
  const { code } = await npm.exited
  const told = npm.stdout()
  if (code !== 0) fail(`npm pack exits with ${code}:\n${told}${npm.stderr()}`)
  // What a build says stands before it.
  const listed = JSON.parse(told.slice(told.search(/^[[{]/m))) as Listed
  const files = new Map(
    (Array.isArray(listed) ? listed : Object.values(listed)).map((one) => [one.name, one.filename]),
  )
  return inOrder.map(({ name, folder: home }) => ({
    name,
    folder: home,
    file: join(folder, basename(files.get(name) ?? fail(`npm pack made nothing of ${name}`))),
  }))
}

type Listed =
  | readonly { readonly name: string; readonly filename: string }[]
  | Record<string, { readonly name: string; readonly filename: string }>

function fail(message: string): never {
  throw new Error(message)
}
