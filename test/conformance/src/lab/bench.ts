/** The process in which checks run: one after the other, each with a subject of its own. */
import type { Definition } from '@smart-gateway/sdk'
import { Failure, NotRun } from '../finding.ts'
import { CHECKS } from '../checks.ts'
import type { Check } from '../check.ts'
import type { Isolation } from '../isolation.ts'
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
standing.catch(() => undefined)
process.on('message', (order: Order) => void answer(order))
// Whoever gave the orders is gone.
process.on('disconnect', () => process.exit())

async function answer(order: Order): Promise<void> {
  const check = CHECKS.find(({ id }) => id === order.check)!
  try {
    const note = await run(check, order.isolation)
    process.send!({ ...order, ...note, stray: strays.length > 0 } satisfies Note)
  } catch (error) {
    const note = { verdict: broken(error), closed: {}, profile: 'core' as const, stray: true }
    process.send!({ ...order, ...note } satisfies Note)
  }
}

async function prepare(): Promise<Standing> {
  const plugin = readPackage(setting.folder)
  const { setup, ...rest } = await importAuthor(setting.author)
  const author = setting.core || setup === undefined ? rest : { ...rest, setup }
  const definition: Definition | Error = await importDefinition(plugin).catch(
    (error: unknown) => new Error(messageOf(error)),
  )
  const { seed, closed, scratch } = setting
  return { plugin, author, seed, scratch, definition, printed, closed, shared: new Map() }
}

async function run(check: Check, isolation: Isolation): Promise<Omit<Note, keyof Order | 'stray'>> {
  const known = await standing
  const { author } = known
  const profile = author.setup === undefined ? 'core' : 'full'
  const skip = author.skip?.[check.id]
  const verdict =
    skip === undefined ? await runOn(await Subject.make(known, isolation), check) : skipped(check, skip)
  return { verdict, profile, closed: known.closed }
}

async function runOn(subject: Subject, check: Check): Promise<Verdict> {
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

function skipped({ level, id }: Check, reason: string): Verdict {
  if (level !== 'must') return { status: 'skipped', reason }
  const finding = {
    did: 'read conformance.js',
    saw: `it skips ${id}, which is a MUST: ${reason}`,
    hint: 'Take it out of `skip`: only a SHOULD can be skipped.',
  }
  return { status: 'failed', finding }
}

function broken(error: unknown): Verdict {
  const finding = {
    did: 'imported conformance.js',
    saw: `it cannot be used: ${messageOf(error)}`,
    hint: 'Its default export is an object; see Author.',
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
