import type {
  Definition,
  FilterSession,
  InputSession,
  Kind,
  OutputSession,
  TransportSession,
} from '@smart-gateway/sdk'
import type { Host, Loan } from '../host/host.ts'
import type { Owner } from '../host/owner.ts'
import { Failure } from '../finding.ts'
import { PATIENCE, ending } from '../time.ts'
import type { Ending } from '../time.ts'
import { deepFreeze } from './deep-freeze.ts'

/** Any session, seen by the members that it may have. */
export type AnySession = Omit<InputSession, 'start'> &
  Partial<Pick<TransportSession, 'subscribe'>> &
  Partial<Pick<FilterSession, 'apply'>> &
  Partial<Pick<OutputSession, 'write' | 'rehearse' | 'exportState' | 'restore' | 'follow'>> &
  Pick<InputSession, 'start'>

/** One open generation of the plugin. */
export interface Generation {
  readonly session: AnySession
  readonly loan: Loan
  /** Stops it as the gateway does: waits for the grace, then ends its signal and takes back what was lent. */
  close(graceMs?: number): Promise<void>
}

/** What is open already when its opener is not wanted any more has to be ended by somebody. */
export interface Opening {
  readonly loan: Loan
  /** As `open` settles; a late session is stopped by whoever awaits this. */
  readonly session: Promise<AnySession>
}

/** Begins to open a generation. The options are given as they are, frozen. */
export function beginToOpen(definition: Definition, host: Host, owner: Owner, options: unknown): Opening {
  const loan = host.lend(owner, deepFreeze(structuredClone(options)))
  const open = definition.open as (context: object) => unknown
  const session = (async () => (await open(loan.context)) as AnySession)()
  session.catch(() => undefined)
  return { loan, session }
}

/** Opens a generation, where `begin` says; rejects with what `open` threw, and leaves nothing of it behind then. */
export async function openGeneration(
  definition: Definition,
  host: Host,
  owner: Owner,
  options: unknown,
  begin: typeof beginToOpen = beginToOpen,
): Promise<Generation> {
  const { loan, session: opening } = begin(definition, host, owner, options)
  const opened = await ending(() => opening, PATIENCE.grantMs)
  if (opened.how === 'resolved') {
    const session = opened.value
    const flaw = flawOf(session, definition.kind)
    if (flaw === undefined) return { session, loan, close: (graceMs) => close(session, loan, graceMs) }
    await loan.takeBack()
    throw new Failure({
      did: 'open',
      saw: `it resolved, but not with ${flaw}`,
      hint: 'Return the session, a plain object with the verbs of its kind, from open.',
    })
  }
  await loan.takeBack()
  void opening.then((late) => late?.stop?.()).catch(() => undefined)
  if (opened.how === 'rejected') throw opened.error
  throw new Error(`open did not settle within ${PATIENCE.grantMs} ms`)
}

async function close(session: AnySession, loan: Loan, graceMs?: number): Promise<void> {
  await stopped(session, loan, graceMs)
  await loan.takeBack()
}

/** Stops a session as the gateway does: once its grace is over the signal is aborted. `calls` says how often at once. */
export async function stopped(
  session: AnySession | undefined,
  loan: Loan,
  graceMs: number = PATIENCE.graceMs,
  calls = 1,
): Promise<Ending<unknown>> {
  const stopping = Promise.all(Array.from({ length: calls }, async () => session?.stop?.()))
  const within = await ending(() => stopping, graceMs)
  if (within.how !== 'pending') return within
  loan.abort()
  return await ending(() => stopping, PATIENCE.leaveMs)
}

const VERBS: Readonly<Record<Kind, string>> = {
  transport: 'a session with subscribe',
  input: 'a session with either decode or start',
  filter: 'a session with apply',
  output: 'a session with write',
}

function flawOf(session: unknown, kind: Kind): string | undefined {
  const has = (verb: string): boolean => typeof (session as Record<string, unknown>)[verb] === 'function'
  const isWhole =
    typeof session === 'object' &&
    session !== null &&
    (kind === 'input'
      ? has('decode') !== has('start')
      : has({ transport: 'subscribe', filter: 'apply', output: 'write' }[kind]))
  return isWhole ? undefined : VERBS[kind]
}
