import { mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { runCommand } from '../command.ts'
import type { Command } from '../command.ts'

/** Somebody who has a Node, an npm and a registry, and has never seen the workspace. */
export interface Stranger {
  /** An empty folder of theirs, or one in there. */
  readonly home: string
  /** Runs a command to its end. Rejects with what it said when it fails. */
  run(folder: string, command: string, ...args: string[]): Promise<string>
  /** Starts one that goes on. */
  start(folder: string, command: string, ...args: string[]): Command
}

/** `home` need not exist. npm has a cache of its own there, which is empty. */
export function stranger(home: string, registry: string): Stranger {
  mkdirSync(home, { recursive: true })
  const environment = {
    ...withoutNpm,
    // The Node of this test comes first, and nothing that the workspace has installed is found.
    PATH: [dirname(process.execPath), ...otherPlaces()].join(delimiter),
    HOME: home,
    npm_config_registry: registry,
    npm_config_cache: join(home, '.npm'),
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    NODE_OPTIONS: '',
    CI: 'true',
  }
  const start = (folder: string, command: string, ...args: string[]): Command =>
    runCommand(command, args, join(home, folder), environment)
  return {
    home,
    start,
    async run(folder, command, ...args) {
      const running = start(folder, command, ...args)
      const { code } = await running.exited
      if (code !== 0)
        throw new Error(
          `${command} ${args.join(' ')} exits with ${code}: ${running.stderr()}\n${running.stdout()}`,
        )
      return running.stdout()
    },
  }
}

/** What npm says to the scripts that it runs, as this test is one, would be heard by the npm of the stranger. */
const withoutNpm = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => /^npm_/i.test(name))
    .map((name) => [name, undefined]),
)

function otherPlaces(): readonly string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((place) => !place.includes('node_modules'))
}
