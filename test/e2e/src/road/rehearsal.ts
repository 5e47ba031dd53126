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
    // Said three times, so that no other registry that npm was told of for a scope can be meant. npm publishes nowhere without a token; this
    // registry looks at none.
    const { url } = registry
    const settings = [
      `registry=${url}`,
      `@smart-gateway:registry=${url}`,
      `//${new URL(url).host}/:_authToken=rehearsal`,
    ]
    appendFileSync(join(copy, '.npmrc'), `\n${settings.join('\n')}\n`)
    const command = runCommand('npx', ['changeset', 'publish', '--no-git-tag'], copy, {
      HOME: folder,
      npm_config_registry: url,
      npm_config_userconfig: join(folder, 'none'),
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
