/** The process in which checks run: one after the other, each with a subject of its own. */
import type { Definition } from '@smart-gateway/sdk'
import { Failure, NotRun } from '../finding.ts'
import { CHECKS } from '../checks.ts'
import type { Check } from '../check.ts'
import { importDefinition } from '../subject/definition.ts'
import { messageOf } from '../subject/message.ts'
import { readPackage } from '../subject/plugin-package.ts'
import { Subject } from '../subject/subject.ts'
import type { Standing } from '../subject/subject.ts'
import { turn } from '../time.ts'
import { importAuthor } from './author-file.ts'
import type { Note, Order, Setting, Verdict } from './protocol.ts'

const setting = JSON.parse(process.argv[2]!) as Setting
const printed: string[] = []
/** What was thrown where nobody catches it. */
const strays: unknown[] = []

for (const stream of [process.stdout, process.stderr]) {
  stream.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    printed.push(String(chunk))
    const call = (typeof encoding === 'function' ? encoding : done) as (() => void) | undefined
    if (call !== undefined) process.nextTick(call)
    return true
  }) as typeof stream.write
}
process.on('uncaughtException', (error) => void strays.push(error))
process.on('unhandledRejection', (error) => void strays.push(error))

const standing = prepare()
process.on('message', ({ check }: Order) => {
  void run(check).then(async (verdict) => {
    const { closed } = await standing
    process.send!({ check, verdict, closed, stray: strays.length > 0 } satisfies Note)
  })
})
// Whoever gave the orders is gone.
process.on('disconnect', () => process.exit())

async function prepare(): Promise<Standing> {
  const plugin = readPackage(setting.folder)
  const { setup, ...rest } = await importAuthor(setting.author)
  const author = setting.core || setup === undefined ? rest : { ...rest, setup }
  const definition: Definition | Error = await importDefinition(plugin).catch(
    (error: unknown) => new Error(messageOf(error)),
  )
  return {
    plugin,
    author,
    seed: setting.seed,
    definition,
    printed,
    closed: setting.closed,
    shared: undefined,
  }
}

async function run(id: string): Promise<Verdict> {
  const check = CHECKS.find((one) => one.id === id)!
  const subject = await Subject.make(await standing)
  strays.length = 0
  const verdict = await tryCheck(check, subject)
  await subject.end().catch(() => undefined)
  await turn()
  if (strays.length === 0 || verdict.status === 'failed' || check.level === 'report') return verdict
  const finding = {
    did: 'ran the check',
    saw: `meanwhile this was thrown where nobody catches it: ${messageOf(strays[0])}`,
    hint: 'Give every promise a handler and every emitter an error listener: in the gateway it ends the process.',
  }
  return { status: 'failed', finding }
}

async function tryCheck(check: Check, subject: Subject): Promise<Verdict> {
  try {
    await check.run(subject)
    return { status: 'passed', notes: subject.notes }
  } catch (error) {
    if (error instanceof NotRun) return { status: 'not-run', reason: error.message }
    if (check.level === 'report') return { status: 'not-run', reason: messageOf(error) }
    if (error instanceof Failure) return { status: 'failed', finding: error.finding }
    const finding = {
      did: 'ran the check',
      saw: `something threw that should not: ${messageOf(error)}`,
      hint: String((error as Error).stack ?? '')
        .split('\n')
        .slice(0, 6)
        .join('\n'),
    }
    return { status: 'failed', finding }
  }
}
