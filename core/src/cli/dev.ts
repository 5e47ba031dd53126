import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { ConfigError } from '../config/problem.ts'
import { Development } from '../dev/development.ts'
import type { DevWishes } from '../dev/setting.ts'
import { reasonOf } from '../errors.ts'
import { EXIT_CONFIG } from './exit.ts'

/** Adds `smart-gateway dev`. */
export function addDevCommand(program: Command): void {
  program
    .command('dev')
    .description(
      'run a plugin that is being written with sample traffic, swap it on each save, show what comes out',
    )
    .argument('[folder]', 'the folder with its package.json', '.')
    .option('--options <json>', 'its options', jsonObject)
    .option(
      '--subscription <json>',
      "a transport: what stands beside `transport` in an input's `from`",
      jsonObject,
    )
    .option('--sample <file>', 'an input: messages, one on each line, instead of its example')
    .action(dev)
}

async function dev(folder: string, wishes: DevWishes): Promise<void> {
  // What comes out of the plugin stands on standard output alone.
  const say = (line: string): void => void process.stderr.write(`smart-gateway: ${line}\n`)
  try {
    const development = await Development.start(resolve(folder), wishes, say)
    endOnSignals(() => development.stop())
  } catch (error) {
    say(reasonOf(error))
    if (!(error instanceof ConfigError)) process.exit(1)
    say(`give options as --options '{"name": "value"}', those of a transport's input as --subscription`)
    process.exit(EXIT_CONFIG)
  }
}

/** Ctrl-C on npm run dev comes twice, from the terminal and from npm: the second one ends nothing unless it is meant. */
function endOnSignals(stop: () => Promise<void>): void {
  let stoppingMs: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stoppingMs !== undefined) {
        if (performance.now() - stoppingMs > SAME_STOP_MS) process.exit(1)
        return
      }
      stoppingMs = performance.now()
      void stop().then(() => process.exit(0))
    })
}

const SAME_STOP_MS = 1000

function jsonObject(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new InvalidArgumentError('It is a JSON object.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('It is a JSON object.')
  return value
}
