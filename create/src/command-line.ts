/** `npm create smart-gateway-plugin`: asks in a terminal for what no flag says; without one it says what is missing and exits with 2. */
import { relative, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { isKind, KINDS } from './kind.ts'
import type { Kind } from './kind.ts'
import { packageName, shortName } from './name.ts'
import { scaffold } from './scaffold.ts'
import type { Wanted } from './scaffold.ts'

const USAGE = `usage: npm create smart-gateway-plugin [FOLDER] -- --kind transport|input|filter|output --name NAME

Writes a plugin of the smart gateway into FOLDER (default: a new folder with the name of its package).
What is not given is asked for in a terminal; without one nothing is asked.

${Object.entries(KINDS)
  .map(([kind, does]) => `  ${kind.padEnd(10)} ${does}`)
  .join('\n')}
`

process.exitCode = await main().catch((error: unknown) => {
  console.error(`create-smart-gateway-plugin: ${(error as Error).message}`)
  return 2
})

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { kind: { type: 'string' }, name: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help === true || positionals.length > 1) {
    console.log(USAGE)
    return values.help === true ? 0 : 2
  }
  const wanted = await complete(values)
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

async function complete(given: { kind?: string; name?: string }): Promise<Wanted> {
  const missing = [
    ...(given.kind === undefined ? ['--kind'] : []),
    ...(given.name === undefined ? ['--name'] : []),
  ]
  // A question without somebody to answer it would hang a script for ever.
  if (missing.length > 0 && !(process.stdin.isTTY && process.stdout.isTTY))
    throw new Error(`${missing.join(' and ')} must be given where there is no terminal\n\n${USAGE}`)
  const terminal = missing.length > 0 ? createInterface(process.stdin, process.stdout) : undefined
  try {
    const kinds = Object.keys(KINDS).join(', ')
    const kind = kindOf(given.kind ?? (await terminal!.question(`What shall it be: ${kinds}? `)).trim())
    return {
      kind,
      name: shortName(given.name ?? (await terminal!.question('What is its name? ')).trim(), kind),
    }
  } finally {
    terminal?.close()
  }
}

function kindOf(text: string): Kind {
  if (isKind(text)) return text
  throw new Error(`there is no kind "${text}": it is one of ${Object.keys(KINDS).join(', ')}`)
}
