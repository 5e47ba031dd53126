import { spawn } from 'node:child_process'
import { basename, join } from 'node:path'
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
  const told = await npm(['pack', '--json', '--pack-destination', folder, ...flags], copy)
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

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const child = spawn('npm', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let complained = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (said += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (complained += text))
  const code = await new Promise((done, failed) => child.once('error', failed).once('close', done))
  return code === 0 ? said : fail(`npm ${args[0]} exits with ${String(code)}: ${complained}\n${said}`)
}

function fail(message: string): never {
  throw new Error(message)
}
