import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { check } from './check.ts'
import { addChangeCommands } from './change.ts'
import { addDeadletterCommands } from './deadletter.ts'
import { addConformanceCommand } from './conformance.ts'
import { addDevCommand } from './dev.ts'
import { addDocumentCommand } from './document.ts'
import { run } from './run.ts'
import { schema } from './schema.ts'
import { status } from './status.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
const file = ['[startup.yaml]', 'the configuration', 'startup.yaml'] as const

const program = new Command('smart-gateway')
  .description(
    'Takes telemetry from where it is produced and hands it to where it is kept; plugins are swapped while it runs.',
  )
  .version(version)
  .showHelpAfterError()
  // `swap --version` is an option of the command.
  .enablePositionalOptions()
program
  .command('run')
  .description('run the gateway until it is told to stop')
  .argument(...file)
  .option('-q, --quiet', 'print no greeting')
  .option('--strict', 'exit at a configuration with mistakes also where an earlier run left a good one')
  .action(run)
program
  .command('check')
  .description('say what is wrong with a configuration, without running any plugin')
  .argument(...file)
  .action(check)
program
  .command('schema')
  .description('print the JSON Schema of a startup.yaml, the options of its plugins included')
  .argument(...file)
  .action(schema)
program
  .command('status')
  .description('say what runs, and what became of every message and record')
  .argument(...file)
  .action(status)
addDeadletterCommands(program, file)
addChangeCommands(program, file)
addDevCommand(program)
addConformanceCommand(program, file)
addDocumentCommand(program)

// Whoever reads may have seen enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

await program.parseAsync()
