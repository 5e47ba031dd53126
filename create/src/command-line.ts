/** `npm create smart-gateway-plugin`: asks in a terminal for what no flag says; without one it says what is missing and exits with 2. */
import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { complete } from './asking.ts'
import { KINDS } from './kind.ts'
import { packageName } from './name.ts'
import { scaffold } from './scaffold.ts'

const USAGE = `usage: npm create smart-gateway-plugin [FOLDER] -- --kind transport|input|filter|output --name NAME
       [--license Apache-2.0|MIT|none]

Writes a plugin of the smart gateway into FOLDER (default: a new folder with the name of its package).
What is not given is asked for in a terminal; without one nothing is asked.

${Object.entries(KINDS)
  .map(([kind, does]) => `  ${kind.padEnd(10)} ${does}`)
  .join('\n')}
`

process.exitCode = await main().catch((error: unknown) => {
  console.error(`create-smart-gateway-plugin: ${(error as Error).message}\n\n${USAGE}`)
  return 2
})

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kind: { type: 'string' },
      name: { type: 'string' },
      license: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true || positionals.length > 1) {
    console.log(USAGE)
    return values.help === true ? 0 : 2
  }
  const wanted = await complete(
    values,
    isTerminal() ? { input: process.stdin, output: process.stdout } : undefined,
  )
  const folder = resolve(positionals[0] ?? packageName(wanted.name, wanted.kind))
  const files = scaffold(folder, wanted)
  const shown = relative(process.cwd(), folder) || '.'
  console.log(`${files.length} files of ${packageName(wanted.name, wanted.kind)} are in ${shown}. Next:

  cd ${shown}
  npm install
  npm test                   # its own tests
  npm run conformance        # does it keep the contract?
  npm run dev                # a gateway with sample traffic; swaps on save
`)
  return 0
}

function isTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY
}
