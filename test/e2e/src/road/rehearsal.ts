import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../command.ts'
import { startRegistry } from './registry.ts'
import { copyWorkspace } from './workspace-copy.ts'

/**
 * Publishes every package as a release would, changesets and npm and all, but from a copy of the workspace and to a registry of this process's
 * own that is forgotten afterwards. Resolves with what arrived there, in that order: names with versions. Rejects with what was said when not all of it works.
 */
export async function rehearseRelease(): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'release-'))
  const registry = await startRegistry(folder)
  try {
    const copy = join(folder, 'workspace')
    copyWorkspace(copy)
    // npm publishes nowhere without a token; this registry looks at none.
    appendFileSync(join(copy, '.npmrc'), `\n//${new URL(registry.url).host}/:_authToken=rehearsal\n`)
    const command = runCommand('npx', ['changeset', 'publish', '--no-git-tag'], copy, {
      npm_config_registry: registry.url,
      npm_config_cache: join(folder, 'cache'),
      npm_config_provenance: 'false',
      CI: 'true',
    })
    const { code } = await command.exited
    if (code !== 0)
      throw new Error(`changeset publish exits with ${code}:\n${command.stdout()}${command.stderr()}`)
    return registry.arrived
  } finally {
    registry.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
