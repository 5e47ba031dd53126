import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { ChangeView, StepView } from '../change/change.ts'
import { askGateway, noAnswer } from '../admin/admin-client.ts'
import { readGatewayPlace } from '../dead-letters/settings.ts'
import type { FileArgument } from './deadletter.ts'
import { orExit } from './exit.ts'

const NAME = ['<name>', 'the name of the instance'] as const

/** Adds `smart-gateway plan|reload|swap|rollback|changes`. */
export function addChangeCommands(program: Command, file: FileArgument): void {
  program
    .command('plan')
    .description('say what a reload of the configuration would do now, without doing it')
    .argument(...file)
    .action((path: string) =>
      telling(async () => {
        const plan = (await ask(path, 'GET', '/api/v1/plan')) as Plan
        process.stdout.write(planText(plan))
        if (plan.problems.length > 0) process.exitCode = 1
      }),
    )
  program
    .command('reload')
    .description('read the configuration anew and carry out what differs')
    .argument(...file)
    .option('--atomic', 'all of it or nothing, where an instance cannot be changed')
    .action((path: string, { atomic = false }: { atomic?: boolean }) =>
      telling(async () => told(await asked(path, '/api/v1/reload?wait=true', { atomic }))),
    )
  program
    .command('swap')
    .description('put new code behind an instance while it runs; without an option what is installed now')
    .argument(...NAME)
    .argument(...file)
    .option('--version <version>', "that version of the plugin's package, from npm")
    .option('--path <path>', 'a folder, or an npm tarball (.tgz)')
    .option(
      '--shadow <time>',
      'run it on a copy of the traffic first, such as 30s, and swap only if all comes out alike',
    )
    .action((name: string, path: string, { version, path: code, shadow }: SwapOptions) =>
      telling(async () => {
        const body = {
          ...(version !== undefined && { version }),
          ...(code !== undefined && { path: resolve(code) }),
          ...(shadow !== undefined && { shadow }),
        }
        told(await asked(path, `/api/v1/instances/${encodeURIComponent(name)}/swap?wait=true`, body))
      }),
    )
  program
    .command('rollback')
    .description('put the code back that an instance had before its last swap; needs no network')
    .argument(...NAME)
    .argument(...file)
    .action((name: string, path: string) =>
      telling(async () =>
        told(await asked(path, `/api/v1/instances/${encodeURIComponent(name)}/rollback?wait=true`)),
      ),
    )
  program
    .command('changes')
    .description('list the last changes with their outcome, the newest first')
    .argument(...file)
    .action((path: string) =>
      telling(async () => {
        const { changes } = (await ask(path, 'GET', '/api/v1/changes')) as { changes: readonly ChangeView[] }
        process.stdout.write(
          changes.length === 0 ? 'nothing was changed yet\n' : changes.map(changeText).join('\n'),
        )
      }),
    )
}

interface SwapOptions {
  readonly version?: string
  readonly path?: string
  readonly shadow?: string
}

interface Plan {
  readonly steps: readonly StepView[]
  readonly settings: readonly string[]
  readonly problems: readonly string[]
}

/** A change that waits for one before it, or drains for long, is still answered. */
const CHANGE_MS = 120_000

async function ask(file: string, method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
  const place = orExit(() => readGatewayPlace(file))
  const answered = await askGateway(place, path, {
    method,
    timeoutMs: CHANGE_MS,
    ...(body !== undefined && { body }),
  })
  if (answered === undefined) throw new Error(noAnswer(place))
  const answer: unknown = await answered.response.json().catch(() => ({}))
  if (answered.response.ok) return answer
  const { error = `it answers ${answered.response.status}`, hint } = answer as {
    error?: string
    hint?: string
  }
  throw new Error(hint === undefined ? error : `${error}\n${hint}`)
}

/** Asks for a change, and for its end: one request waits for a minute at most. */
async function asked(file: string, path: string, body?: object): Promise<ChangeView> {
  let change = (await ask(file, 'POST', path, body)) as ChangeView
  while (change.state !== 'done')
    change = (await ask(file, 'GET', `/api/v1/changes/${change.id}?wait=true`)) as ChangeView
  return change
}

async function telling(action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    process.stderr.write(`smart-gateway: ${(error as Error).message}\n`)
    process.exitCode = 1
  }
}

function told(change: ChangeView): void {
  process.stdout.write(changeText(change))
  if (change.outcome === 'refused' || change.outcome === 'partly') process.exitCode = 1
}

function planText({ steps, settings, problems }: Plan): string {
  return (
    [...problems, ...settings, ...steps.map(stepText)].map((line) => `${line}\n`).join('') ||
    'nothing runs, and nothing shall\n'
  )
}

function changeText({
  id,
  what,
  state,
  outcome,
  queuedMs,
  startedMs,
  endedMs,
  problems,
  settings,
  steps,
  rolledBack,
}: ChangeView): string {
  const took = startedMs === undefined || endedMs === undefined ? '' : ` in ${endedMs - startedMs} ms`
  const head = `change ${id}, ${new Date(queuedMs).toISOString()}, ${what}: ${outcome ?? state}${took}`
  const lines = [
    ...problems,
    ...settings,
    ...steps.filter(({ does }) => does !== 'kept').map(stepText),
    ...(rolledBack === undefined ? [] : [`rolled back by change ${rolledBack.by}: ${rolledBack.evidence}`]),
  ]
  return [head, ...lines.map((line) => `  ${line}`)].map((line) => `${line}\n`).join('')
}

function stepText({ name, kind, does, why, result, note, generation, version }: StepView): string {
  const told = [note, generation === undefined ? undefined : `generation ${generation}, version ${version}`]
    .filter((one) => one !== undefined)
    .join(', ')
  const end = result === 'failed' && does !== 'refused' ? 'NOT ' : ''
  return `${end}${does} ${kind} ${name}: ${why}${told === '' ? '' : ` (${told})`}`
}
