import { setTimeout as delay } from 'node:timers/promises'
import type { Definition, Health, Kind } from '@smart-gateway/sdk'
import { within } from '../deadline.ts'
import { GatewayError } from '../errors.ts'
import { lend } from '../host/host.ts'
import type { Host, Loan } from '../host/host.ts'
import type { Owner } from '../host/routes.ts'
import type { PluginPackage } from '../plugins/manifest.ts'
import { importDefinition } from '../plugins/definition.ts'
import { openRemoteGeneration } from '../worker/remote-generation.ts'
import { validOptions } from './valid-options.ts'

/** What `open` gave: each kind has its own verbs, all of them may have these. */
export interface Session {
  readonly address?: string
  health?(): Health
  stop?(): void | Promise<void>
}

/** One loaded version of an instance: its code, its options and its open session. */
export interface Generation<D extends Definition = Definition, S extends Session = Session> {
  readonly number: number
  readonly package: PluginPackage
  readonly definition: D
  readonly session: S
  /** Makes its HTTP handlers answer. */
  activate(): void
  /** Whether it was stopped: what it still does counts no more. */
  readonly isOver: () => boolean
  /** Gives it up, as its plugin may: it is stopped and another one is opened with backoff. */
  fail(error: Error): void
  /**
   * Stops the session within the grace; its addresses stay bound for the next generation, with nobody to answer, until it is closed. Never
   * throws; says in the log what did not end.
   */
  leave(graceMs: number): Promise<void>
  /** As `leave`, where it has not been left yet; then takes back all that was lent. */
  close(graceMs: number): Promise<void>
}

/** What it takes to open a generation. */
export interface Opening {
  readonly host: Host
  readonly owner: Owner
  readonly package: PluginPackage
  readonly options: Readonly<Record<string, unknown>>
  /** Where it runs: in this thread or in one of its own, and how much memory it may use there. */
  readonly isolation: 'inline' | 'worker'
  readonly worker: { readonly memoryBytes: number }
  /** Members of the context that only this kind is lent. */
  readonly extra: object
  /** Aborted = nobody wants it any more. */
  readonly signal: AbortSignal
  readonly fail: (error: Error) => void
  /** Told as soon as the plugin's code has said what it is, before it opens. */
  readonly imported: (definition: Definition) => void
}

/** How long anything that a plugin does to become ready is waited for. */
export const OPEN_TIMEOUT_MS = 30_000

/** Imports, validates and opens. A failure leaves nothing behind and comes as a GatewayError. */
export async function openGeneration<D extends Definition, S extends Session>(
  opening: Opening,
): Promise<Generation<D, S>> {
  return await (opening.isolation === 'worker'
    ? openRemoteGeneration<D, S>(opening)
    : openInline<D, S>(opening))
}

async function openInline<D extends Definition, S extends Session>(
  opening: Opening,
): Promise<Generation<D, S>> {
  const { host, owner, signal, package: plugin } = opening
  host.inlineCode.took(plugin.folder, owner.instance)
  const definition = await within(() => importDefinition(plugin), {
    what: `the import of ${plugin.name}`,
    ms: OPEN_TIMEOUT_MS,
    signal,
  })
  opening.imported(definition)
  const options = validOptions(
    definition.options,
    opening.options,
    `${owner.instance}: options`,
    host.scrubber,
  )
  const loan = lend(host, owner, options, opening.fail)
  try {
    const session = await openWithin(definition, { ...loan.context, ...opening.extra }, signal)
    return {
      number: owner.generation,
      package: plugin,
      definition: definition as D,
      session: session as S,
      activate: () => loan.activate(),
      fail: opening.fail,
      ...ending(loan, (graceMs) => stop(session, loan, graceMs)),
    }
  } catch (cause) {
    await loan.takeBack()
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('SG_OPEN_FAILED', `${owner.instance} could not open`, { cause })
  }
}

async function openWithin(definition: Definition, context: object, signal: AbortSignal): Promise<Session> {
  const letGo = (session: Session | undefined): unknown => session?.stop?.()
  const open = async (): Promise<Session> => {
    const session = await (definition.open as (context: object) => unknown)(context)
    if (isSession(session, definition.kind)) return session
    void (async () => letGo(session as Session | undefined))().catch(() => undefined)
    throw new GatewayError('SG_DEFINITION_INVALID', `open did not return ${VERBS[definition.kind]}`)
  }
  return await within(open, { what: 'open', ms: OPEN_TIMEOUT_MS, signal, letGo })
}

const VERBS: Readonly<Record<Kind, string>> = {
  transport: 'a session with subscribe',
  input: 'a session with decode or start',
  filter: 'a session with apply',
  output: 'a session with write',
}

function isSession(session: unknown, kind: Kind): session is Session {
  if (typeof session !== 'object' || session === null) return false
  const has = (verb: string): boolean => typeof (session as Record<string, unknown>)[verb] === 'function'
  if (kind === 'input') return has('decode') !== has('start')
  return has({ transport: 'subscribe', filter: 'apply', output: 'write' }[kind])
}

/** The two ways in which a generation ends. */
export function ending(
  loan: Loan,
  stop: (graceMs: number) => Promise<void>,
): Pick<Generation, 'isOver' | 'leave' | 'close'> {
  let stopped: Promise<void> | undefined
  let over = false
  const end = async (graceMs: number): Promise<void> => {
    await stop(graceMs)
    over = true
  }
  return {
    isOver: () => over,
    leave(graceMs) {
      loan.hold()
      return (stopped ??= end(graceMs))
    },
    async close(graceMs) {
      await (stopped ??= end(graceMs))
      await loan.takeBack()
    },
  }
}

async function stop(session: Session, loan: Loan, graceMs: number): Promise<void> {
  const { log } = loan.context
  const timer = new AbortController()
  const stopped = Promise.resolve()
    .then(() => session.stop?.())
    .catch((error: unknown) => log.warn({ err: error }, 'stop failed; what it held may be left behind'))
  const timeout = delay(graceMs, 'late' as const, { signal: timer.signal }).catch(() => undefined)
  if ((await Promise.race([stopped, timeout])) === 'late')
    log.warn(`stop did not finish within ${graceMs} ms; going on without it`)
  timer.abort()
}
