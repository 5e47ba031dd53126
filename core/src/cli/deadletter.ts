import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { parseExactly } from '@smart-gateway/sdk/json'
import type { ShownInfo, ShownLetter } from '../dead-letters/printing.ts'
import { letterText, listTable, replayText } from '../dead-letters/printing.ts'
import { reachDeadLetters } from '../dead-letters/reach.ts'
import type { Reached } from '../dead-letters/reach.ts'
import type { ReplaySummary } from '../dead-letters/replay.ts'
import { readGatewayPlace } from '../dead-letters/settings.ts'
import { orExit } from './exit.ts'

/** The argument of every command that takes the configuration: name, description, default. */
export type FileArgument = readonly [name: string, description: string, standard: string]

const PAGE = 1000

/** Adds `smart-gateway deadletter list|show|replay|drop`. */
export function addDeadletterCommands(program: Command, file: FileArgument): void {
  const [, , standard] = file
  const deadletter = program
    .command('deadletter')
    .description('what could not be delivered: look at it, deliver it again, or let it go')
  deadletter
    .command('list')
    .description('list the dead letters, newest first')
    .argument(...file)
    .option('--instance <name>', 'only those of this input or output')
    .option('--limit <number>', 'how many', wholeNumber, 50)
    .option('--json', 'as JSON')
    .action((file: string, options: ListOptions) => withLetters(file, (ask) => list(ask, options)))
  deadletter
    .command('show')
    .description('show one letter with its content')
    .argument('<id>', 'its number', wholeNumber)
    .argument(...file)
    .option('--body', 'write its bytes to standard output, and nothing else')
    .action((id: number, file: string, { body = false }: { body?: boolean }) =>
      withLetters(file, (ask) => (body ? writeBody(ask, id) : show(ask, id))),
    )
  deadletter
    .command('replay')
    .description('deliver letters again; each that is delivered leaves the store. A gateway must run')
    .argument('[what...]', WHAT)
    .option('--all', 'all letters, the oldest first')
    .option('--instance <name>', 'with --all: only those of this input or output')
    .option('--force', 'also letters in which [secret] stands where a secret stood')
    .action(
      (
        what: string[],
        { force = false, ...options }: WhichOptions & { force?: boolean },
        command: Command,
      ) => {
        const { file, body } = selectionOf(what, options, standard, command)
        return withLetters(file, (ask) => replay(ask, { ...body, force }))
      },
    )
  deadletter
    .command('drop')
    .description('let letters go for good')
    .argument('[what...]', WHAT)
    .option('--all', 'all letters')
    .option('--instance <name>', 'with --all: only those of this input or output')
    .action((what: string[], options: WhichOptions, command: Command) => {
      const { file, body } = selectionOf(what, options, standard, command)
      return withLetters(file, (ask) => drop(ask, body))
    })
}

const WHAT = 'the numbers of letters, and the configuration where it is not startup.yaml'

type Ask = Reached['ask']

interface ListOptions {
  readonly instance?: string
  readonly limit: number
  readonly json?: boolean
}

interface WhichOptions {
  readonly all?: boolean
  readonly instance?: string
}

async function withLetters(file: string, action: (ask: Ask) => Promise<void>): Promise<void> {
  const reached = reachDeadLetters(orExit(() => readGatewayPlace(file)))
  try {
    await action(reached.ask)
  } catch (error) {
    fail((error as Error).message)
  } finally {
    await reached.close().catch(() => undefined)
  }
}

async function list(ask: Ask, { instance, limit, json = false }: ListOptions): Promise<void> {
  const letters: ShownInfo[] = []
  let more = true
  while (more && letters.length < limit) {
    const query = new URLSearchParams({ limit: String(Math.min(PAGE, limit - letters.length)) })
    if (instance !== undefined) query.set('instance', instance)
    if (letters.length > 0) query.set('after', String(letters.at(-1)!.id))
    const page = (await (await ask(`?${query.toString()}`)).json()) as { letters: ShownInfo[]; more: boolean }
    letters.push(...page.letters)
    more = page.more
  }
  if (json) print(JSON.stringify(letters, undefined, 2))
  else if (letters.length === 0) print('no dead letters')
  else print(listTable(letters, process.stdout.columns))
  if (more && !json) print(`and older ones: --limit ${limit * 2} shows more`)
}

async function show(ask: Ask, id: number): Promise<void> {
  const letter = parseExactly(await (await ask(`/${id}`)).text()) as ShownLetter
  print(letterText(letter))
}

async function writeBody(ask: Ask, id: number): Promise<void> {
  const body = Buffer.from(await (await ask(`/${id}/body`)).arrayBuffer())
  await new Promise((resolve) => process.stdout.write(body, resolve))
}

async function replay(ask: Ask, body: object): Promise<void> {
  const answer = await ask('/replay', { method: 'POST', body })
  const summary = (await answer.json()) as ReplaySummary
  print(replayText(summary))
  if (summary.failed + summary.waiting.length + summary.left > 0) process.exitCode = 1
}

async function drop(ask: Ask, body: Which): Promise<void> {
  const { dropped } = (await (await ask('/drop', { method: 'POST', body })).json()) as { dropped: number }
  const asked = 'ids' in body ? new Set(body.ids).size : dropped
  print(dropped === 1 ? 'dropped 1 letter' : `dropped ${dropped} letters`)
  if (dropped < asked) fail(`${asked - dropped} of the letters named are not there`)
}

type Which = { readonly ids: readonly number[] } | { readonly all: true; readonly instance?: string }

/** Tells numbers of letters from the name of the configuration. */
function selectionOf(
  what: readonly string[],
  { all = false, instance }: WhichOptions,
  standard: string,
  command: Command,
): { readonly file: string; readonly body: Which } {
  const ids = what.filter((one) => /^\d{1,15}$/.test(one)).map(Number)
  const files = what.filter((one) => !/^\d{1,15}$/.test(one))
  if (files.length > 1) command.error(`error: ${files.join(' and ')} cannot both be the configuration`)
  if (all === ids.length > 0) command.error('error: say which letters: their numbers, or --all')
  if (!all && instance !== undefined) command.error('error: --instance goes with --all')
  const file = files[0] ?? standard
  return all ? { file, body: { all, ...(instance !== undefined && { instance }) } } : { file, body: { ids } }
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 on.')
  return Number(text)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function fail(message: string): void {
  process.stderr.write(`smart-gateway: ${message}\n`)
  process.exitCode = 1
}
