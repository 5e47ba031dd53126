import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { loadConfiguration } from '../config/load.ts'
import { findPackage } from '../plugins/resolve.ts'
import { orExit } from './exit.ts'

const SUITE = '@smart-gateway/conformance'

/** Adds `smart-gateway conformance`. The suite is not part of the gateway: who tries plugins installs it. */
export function addConformanceCommand(program: Command, file: readonly [string, string, string]): void {
  const [, description, standard] = file
  program
    .command('conformance')
    .description(`try a plugin against the contract, with ${SUITE}`)
    .argument('<plugin>', 'the name of an instance, or a folder with a package.json')
    .argument('[options...]', "the suite's own options, such as --seed 7")
    // Which options the suite has is for its version to say.
    .allowUnknownOption()
    .option('--config <file>', description, standard)
    .action(conformance)
}

async function conformance(
  plugin: string,
  options: readonly string[],
  { config }: { readonly config: string },
): Promise<void> {
  if (plugin.startsWith('-')) return fail(`name the plugin first: smart-gateway conformance NAME ${plugin} …`)
  const folder = existsSync(join(plugin, 'package.json')) ? resolve(plugin) : folderOf(plugin, config)
  if (folder === undefined)
    return fail(`there is no instance "${plugin}" in ${config}, and no package.json in a folder of that name`)
  const suite = [dirname(resolve(config)), folder]
    .map((place) => findPackage(SUITE, place))
    .find((one) => one !== undefined)
  if (suite === undefined)
    return fail(`${SUITE} is not installed: npm install --save-dev ${SUITE} beside ${config}`)
  const child = spawn(process.execPath, [binOf(suite), folder, ...options], { stdio: 'inherit' })
  process.exitCode = await new Promise<number>((done) => child.once('close', (code) => done(code ?? 1)))
}

/** Where the plugin of an instance lies. */
function folderOf(instance: string, file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const { transports, filters, inputs, outputs } = orExit(() => loadConfiguration({ file }))
  return [...transports, ...filters, ...inputs, ...outputs].find(({ name }) => name === instance)?.package
    .folder
}

function binOf(suite: string): string {
  const { bin } = JSON.parse(readFileSync(join(suite, 'package.json'), 'utf8')) as {
    bin: Record<string, string>
  }
  return join(suite, Object.values(bin)[0]!)
}

function fail(message: string): void {
  process.stderr.write(`smart-gateway: ${message}\n`)
  process.exitCode = 2
}
