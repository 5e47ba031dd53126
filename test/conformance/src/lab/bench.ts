/** The process in which checks run: one after the other, each with a subject of its own. */
import type { Definition } from '@smart-gateway/sdk'
import { Failure, NotRun, NotTried } from '../finding.ts'
import { CHECKS } from '../checks.ts'
import type { Check } from '../check.ts'
import type { Trial } from '../isolation.ts'
import { importDefinition } from '../subject/definition.ts'
import { messageOf } from '../subject/message.ts'
import { readPackage } from '../subject/plugin-package.ts'
import { Subject } from '../subject/subject.ts'
import type { Standing } from '../subject/subject.ts'
import { Traces } from '../subject/traces.ts'
import { tellOfWaits, turn } from '../time.ts'
import { whyImpossible } from '../work/impossible.ts'
import { importAuthor } from './author-file.ts'
import type { Note, Order, Setting, Stray, Verdict, Wait } from './protocol.ts'

const setting = JSON.parse(process.argv[2]!) as Setting
const printed: string[] = []
/** What was thrown where nobody catches it, since the last check. */
const strays: string[] = []

for (const stream of [process.stdout, process.stderr]) {
  stream.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    printed.push(String(chunk))
    const call = (typeof encoding === 'function' ? encoding : done) as (() => void) | undefined
    if (call !== undefined) process.nextTick(call)
    return true
  }) as typeof stream.write
}
process.on('uncaughtException', stray)
process.on('unhandledRejection', stray)

const standing = prepare()
standing.catch(() => undefined)
process.on('message', (order: Order) => void answer(order))
// Whoever gave the orders is gone.
process.on('disconnect', () => process.exit())

function stray(error: unknown): void {
  // What a check would have said had it not ended before is none of the plugin's.
  if (!(error instanceof Failure || error instanceof NotRun || error instanceof NotTried))
    strays.push(messageOf(error))
}

async function answer({ check: id, isolation, strays: before }: Order): Promise<void> {
  const check = CHECKS.find((one) => one.id === id)!
  let waits = 0
  tellOfWaits((ms = 0) => {
    waits += ms === 0 ? -1 : 1
    if (ms > 0 || waits === 0) process.send!({ check: id, isolation, waitsMs: ms } satisfies Wait)
  })
  try {
    const note = await run({ check, isolation }, before)
    process.send!({ check: id, isolation, ...note, broken: false, strays: strays.splice(0) } satisfies Note)
  } catch (error) {
    const note = { verdict: broken(error), closed: undefined, broken: true }
    process.send!({ check: id, isolation, ...note, strays: strays.splice(0) } satisfies Note)
  }
}

async function prepare(): Promise<Standing> {
  const plugin = readPackage(setting.folder)
  const { setup, ...rest } = await importAuthor(setting.author)
  const author = setting.core || setup === undefined ? rest : { ...rest, setup }
  const importing = new Traces()
  const definition: Definition | Error = await importing
    .run(() => importDefinition(plugin))
    .catch((error: unknown) => new Error(messageOf(error)))
  const { seed, closed, scratch } = setting
  const pace = { openMs: 0, stopMs: 0 }
  return {
    plugin,
    author,
    seed,
    scratch,
    definition,
    importing,
    printed,
    closed,
    pace,
    strayed: strays,
    shared: new Map(),
  }
}

async function run(
  { check, isolation }: Trial,
  before: readonly Stray[],
): Promise<Pick<Note, 'verdict' | 'profile' | 'closed'>> {
  const known = await standing
  const { author } = known
  const profile = author.setup === undefined ? 'core' : 'full'
  const skip = author.skip?.[check.id]
  const verdict =
    skip === undefined
      ? await runOn(await Subject.make(known, isolation, before), check)
      : skipped(check, skip)
  return { verdict, profile, closed: known.closed }
}

async function runOn(subject: Subject, check: Check): Promise<Verdict> {
  const verdict = await tryCheck(check, subject)
  await subject.end().catch(() => undefined)
  await turn()
  return verdict
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

async function notTried({ message: reason, hook }: NotTried, subject: Subject): Promise<Verdict> {
  if (hook === undefined) return { status: 'not-tried', reason }
  // What the check had opened may be all that can be open.
  await subject.closeAll()
  const why = await whyImpossible(hook, subject)
  return why === undefined ? { status: 'not-tried', reason, hook } : { status: 'not-run', reason: why }
}

async function tryCheck(check: Check, subject: Subject): Promise<Verdict> {
  try {
    await check.run(subject)
    return { status: 'passed', notes: subject.notes }
  } catch (error) {
    if (error instanceof NotRun) return { status: 'not-run', reason: error.message }
    if (error instanceof NotTried) return await notTried(error, subject)
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
