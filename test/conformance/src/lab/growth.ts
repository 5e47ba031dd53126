import { Worker } from 'node:worker_threads'
import type { Message } from '@smart-gateway/sdk'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, until } from '../time.ts'

/** What the thread is given. */
export interface GrowthData {
  readonly folder: string
  readonly scratch: string
  readonly options: unknown
  readonly example: string
  readonly contentType: string | undefined
}

/** What the thread tells. */
export interface GrowthNote {
  /** What it is about to decode. */
  readonly trying?: { readonly what: string; readonly bytes: number }
  /** It is through: what took out of proportion long, if anything did. */
  readonly slow?: Slow | undefined
  /** Why it could not begin. */
  readonly failed?: string
}

/** A message that took out of proportion to a shorter one of its kind. */
export interface Slow {
  readonly what: string
  readonly bytes: number
  readonly ms: number
  readonly shorter: number
  readonly shorterMs: number
}

/** How it went. */
export type Growth =
  | { readonly how: 'even' }
  | { readonly how: 'slow'; readonly slow: Slow }
  /** A single message had not come back after so long. */
  | { readonly how: 'stuck'; readonly what: string; readonly bytes: number; readonly ms: number }
  | { readonly how: 'failed'; readonly why: string }

const IS_SOURCE = import.meta.filename.endsWith('.ts')
/** The thread itself goes on for a fourth of it, of its own time. */
const LIMIT_MS = (PATIENCE.checkMs * 5) / 6
const STUCK_MS = 3000

/** Lets an input decode ever longer messages in a thread of its own, which is ended when it takes too long. */
export async function growthOf(subject: Subject, { body, contentType }: Message): Promise<Growth> {
  const data: GrowthData = {
    folder: subject.plugin.folder,
    scratch: subject.folder,
    options: subject.valid(subject.definition.options, await subject.options()),
    example: body.toString(),
    contentType,
  }
  const thread = new URL(IS_SOURCE ? './growth-thread.ts' : './growth-thread.js', import.meta.url)
  const worker = new Worker(thread, { workerData: data })
  let over: Growth | undefined
  let last: { readonly what: string; readonly bytes: number; readonly atMs: number } | undefined
  worker.on('message', (note: GrowthNote) => {
    if (note.trying !== undefined) last = { ...note.trying, atMs: performance.now() }
    else if (note.failed !== undefined) over = { how: 'failed', why: note.failed }
    else over = note.slow === undefined ? { how: 'even' } : { how: 'slow', slow: note.slow }
  })
  worker.on('error', (error: Error) => (over ??= { how: 'failed', why: error.message }))
  worker.on('exit', () => (over ??= { how: 'failed', why: 'the thread ended' }))
  await until(() => over !== undefined, LIMIT_MS)
  const ended = over
  await worker.terminate()
  if (ended !== undefined) return ended
  const ms = last === undefined ? 0 : performance.now() - last.atMs
  if (last === undefined || ms < STUCK_MS) return { how: 'failed', why: 'the machine is too busy to tell' }
  return { how: 'stuck', what: last.what, bytes: last.bytes, ms }
}
