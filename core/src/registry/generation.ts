import { setTimeout as delay } from 'node:timers/promises'
import type { Definition, JsonSchema, Kind } from '@smart-gateway/sdk'
import { Validator } from '../config/validator.ts'
import { GatewayError } from '../errors.ts'
import { lend } from '../host/host.ts'
import type { Host, Loan } from '../host/host.ts'
import type { Owner } from '../host/routes.ts'
import type { PluginPackage } from '../plugins/manifest.ts'
import { importDefinition } from '../plugins/generation.ts'

/** What `open` gave: each kind has its own verbs, all of them may have these. */
export interface Session {
  readonly address?: string
  health?(): { readonly state: 'ready' } | { readonly state: 'degraded'; readonly reason: string }
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
  /** Stops the session within the grace, then takes back all that was lent. Never throws; says in the log what did not end. */
  close(graceMs: number): Promise<void>
}

/** What it takes to open a generation. */
export interface Opening {
  readonly host: Host
  readonly owner: Owner
  readonly package: PluginPackage
  readonly options: Readonly<Record<string, unknown>>
  /** Members of the context that only this kind is lent. */
  readonly extra: object
  /** Aborted = nobody wants it any more. */
  readonly signal: AbortSignal
  readonly fail: (error: Error) => void
  /** Told as soon as the plugin's code has said what it is, before it opens. */
  readonly imported: (definition: Definition) => void
}

const OPEN_TIMEOUT_MS = 30_000
const validator = new Validator()

/** Imports, validates and opens. A failure leaves nothing behind and comes as a GatewayError. */
export async function openGeneration<D extends Definition, S extends Session>(
  opening: Opening,
): Promise<Generation<D, S>> {
  const definition = await importDefinition(opening.package)
  opening.imported(definition)
  const options = validOptions(definition.options, opening)
  const loan = lend(opening.host, opening.owner, options, opening.fail)
  try {
    const session = await openWithin(definition, { ...loan.context, ...opening.extra }, opening.signal)
    return {
      number: opening.owner.generation,
      package: opening.package,
      definition: definition as D,
      session: session as S,
      activate: () => loan.activate(),
      close: (graceMs) => close(session, loan, graceMs),
    }
  } catch (cause) {
    await loan.takeBack()
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('SG_OPEN_FAILED', `${opening.owner.instance} could not open`, { cause })
  }
}

function validOptions(schema: JsonSchema, { options, package: plugin, owner }: Opening): unknown {
  const flaw = validator.flawOf(schema)
  if (flaw !== undefined)
    throw new GatewayError('SG_DEFINITION_INVALID', `${plugin.name} has an invalid options schema (${flaw})`)
  const copy = structuredClone(options)
  const mistakes = validator.check(schema, copy)
  if (mistakes.length === 0) return deepFreeze(copy)
  const list = mistakes.map(({ path, message }) => `options.${path.join('.')} ${message}`).join('; ')
  throw new GatewayError('SG_OPTIONS_INVALID', `${owner.instance}: ${list}`)
}

async function openWithin(definition: Definition, context: object, wanted: AbortSignal): Promise<Session> {
  const deadline = AbortSignal.any([wanted, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
  const opened = (async () => (definition.open as (context: object) => unknown)(context))()
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () => reject(wanted.aborted ? notWanted() : tooLate()), { once: true })
  })
  try {
    const session = await Promise.race([opened, late])
    if (isSession(session, definition.kind)) return session
    throw new GatewayError('SG_DEFINITION_INVALID', `open did not return ${VERBS[definition.kind]}`)
  } catch (error) {
    // A session that comes all the same is let go of: nobody else would.
    void opened.then((session) => (session as Session | undefined)?.stop?.()).catch(() => undefined)
    throw error
  }
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

function notWanted(): GatewayError {
  return new GatewayError('SG_STOPPING', 'the gateway is stopping')
}

function tooLate(): GatewayError {
  return new GatewayError('SG_OPEN_TIMEOUT', `open did not finish within ${OPEN_TIMEOUT_MS / 1000} s`)
}

async function close(session: Session, loan: Loan, graceMs: number): Promise<void> {
  const { log } = loan.context
  const timer = new AbortController()
  const stopped = Promise.resolve()
    .then(() => session.stop?.())
    .catch((error: unknown) => log.warn({ err: error }, 'stop failed; what it held may be left behind'))
  const timeout = delay(graceMs, 'late' as const, { signal: timer.signal }).catch(() => undefined)
  if ((await Promise.race([stopped, timeout])) === 'late')
    log.warn(`stop did not finish within ${graceMs} ms; going on without it`)
  timer.abort()
  await loan.takeBack()
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) deepFreeze(item)
    Object.freeze(value)
  }
  return value
}
