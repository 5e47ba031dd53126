import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withTls } from '../subject/elsewhere.ts'
import { credentialFiles, filePaths, lastOf, wordsOf } from '../subject/credential-files.ts'
import { beginToOpen, stopped } from '../subject/generation.ts'
import type { AnySession } from '../subject/generation.ts'
import { messageOf, messagesOf } from '../subject/message.ts'
import { placed } from '../subject/placed.ts'
import { sampleOptions } from '../subject/sample-options.ts'
import { nodesOf } from '../subject/schema-tree.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending } from '../time.ts'
import type { Ending } from '../time.ts'
import { exercise } from './exercise.ts'

/** Options that name files, which are there or not. */
export interface Naming {
  readonly there: NamedFiles
  readonly missing: NamedFiles
}

interface NamedFiles {
  readonly files: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * Options in which that one names a file, with an address with TLS and without, alone and with the others beside it (a certificate
 * needs its key). Which of them matter to the plugin the schema does not say.
 */
export function* namingsOf(subject: Subject, base: object, path: readonly string[]): Generator<Naming> {
  const { validator, folder, definition } = subject
  const schema = definition.options
  const beside = credentialFiles(schema).filter((one) => isBeside(one, path))
  const sample = (owner: readonly string[]): unknown => {
    const one = nodesOf(schema).find((node) => node.path.join('.') === owner.join('.'))?.schema
    return one?.type === 'array' ? [] : sampleOptions(one ?? {}, validator, { port: 0 })
  }
  const name = (given: object, paths: readonly (readonly string[])[], state: string): NamedFiles => {
    const files = paths.map((one) => join(folder, `${one.filter((key) => key !== '[]').join('-')}.${state}`))
    const options = paths.reduce((made, one, i) => placed(made, one, files[i], sample), { ...given })
    return { files, options }
  }
  for (const given of [withTls(base), base, {}])
    for (const paths of beside.length > 0 ? [[path], [path, ...beside]] : [[path]]) {
      const there = name(given, paths, 'there')
      if (validator.mistakeIn(schema, structuredClone(there.options)) !== undefined) continue
      yield { there, missing: name(given, paths, 'missing') }
    }
}

/** Whether it reads the first of the files when it opens or works; they are there, and of no use. */
export async function isRead(subject: Subject, { files, options }: NamedFiles): Promise<boolean> {
  for (const file of files) writeUnread(file)
  await openAndWork(subject, options, PATIENCE.stepMs)
  return wasRead(files[0]!)
}

/** Why its `open` is wrong with files that are missing: it has to name one of them, or an option of a file, for others may be missing too. */
export async function wrongWith(
  subject: Subject,
  { files, options }: NamedFiles,
): Promise<string | undefined> {
  const end = await openAndWork(subject, options, PATIENCE.grantMs)
  // A key that there is none of yet may be made.
  if (end.how === 'resolved') return existsSync(files[0]!) ? undefined : 'it opened'
  if (end.how === 'pending') return `open is pending after ${PATIENCE.grantMs} ms`
  const said = messagesOf(end.error).join(' ')
  const keys = filePaths(subject.definition.options).map(lastOf)
  const isNamed = files.some((file) => said.includes(file)) || keys.some((key) => names(said, key))
  return isNamed ? undefined : `its error names neither the option nor the file: ${messageOf(end.error)}`
}

/** Whether a text names an option, be it in words: "the CA file" is `caFile`, a certificate is `cert`; but "cannot" is no `ca`. */
function names(text: string, key: string): boolean {
  const words = wordsOf(key).join('[^a-z\\d]*')
  return new RegExp(`(?<![a-z])${words}${key.length > 2 ? '' : '(?![a-z])'}`).test(text.toLowerCase())
}

/** Whether the file system tells when a file was read: some are told not to. */
export function tellsOfReading(folder: string): boolean {
  const file = join(folder, 'read')
  writeUnread(file)
  readFileSync(file)
  return wasRead(file)
}

function writeUnread(file: string): void {
  writeFileSync(file, 'conformance: no PEM, and no secret\n')
  utimesSync(file, LONG_AGO, new Date())
}

function wasRead(file: string): boolean {
  return statSync(file).atimeMs > LONG_AGO.getTime()
}

/** So long that every file system takes note of the next time. */
const LONG_AGO = new Date(0)

let generations = 0

/** How its open ends; where it does so with a session, that works a little and is stopped. */
async function openAndWork(subject: Subject, given: object, ms: number): Promise<Ending<AnySession>> {
  const { definition, host, traces, random } = subject
  const options = subject.valid(definition.options, given)
  const owner = { instance: 'files', generation: ++generations }
  const { loan, session: opening } = traces.run(() => beginToOpen(definition, host, owner, options))
  const end = await ending(() => opening, ms)
  if (end.how === 'resolved') {
    const { value: session } = end
    const subscription = await subject.subscription().catch(() => undefined)
    await traces.run(() => exercise({ session, definition, subscription, random })).catch(() => undefined)
    await stopped(session, loan)
  }
  await loan.takeBack()
  if (end.how === 'pending') await ending(() => opening, PATIENCE.leaveMs)
  return end
}

function isBeside(one: readonly string[], path: readonly string[]): boolean {
  const [owner, other] = [path, one].map((keys) => keys.slice(0, -1).join('.'))
  return owner === other && one.at(-1) !== path.at(-1)
}
