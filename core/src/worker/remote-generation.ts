import { setTimeout as delay } from 'node:timers/promises'
import type { Definition, InputContext } from '@smart-gateway/sdk'
import { within } from '../deadline.ts'
import { asError, ERRORS, GatewayError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { lend } from '../host/host.ts'
import type { Loan } from '../host/host.ts'
import { ending, OPEN_TIMEOUT_MS } from '../registry/generation.ts'
import type { Generation, Opening, Session } from '../registry/generation.ts'
import { validOptions } from '../registry/valid-options.ts'
import { Lending } from './lending.ts'
import { PluginThread } from './plugin-thread.ts'
import type { Opened } from './protocol.ts'
import { remoteSession } from './remote-session.ts'

/** As `openGeneration`, in a thread of its own. */
export async function openRemoteGeneration<D extends Definition, S extends Session>(
  opening: Opening,
): Promise<Generation<D, S>> {
  const { host, owner, signal, package: plugin, worker } = opening
  let lending: Lending | undefined
  const thread = new PluginThread(plugin, {
    name: `${owner.instance}, generation ${owner.generation}`,
    memoryBytes: worker.memoryBytes,
    handlers: {
      log: (line) => lending?.log(line),
      metrics: (notes) => lending?.metrics(notes),
      serve: (serving) => lending?.serve(serving),
      unserve: (id) => lending?.unserve(id),
      stateFolder: () => lending?.stateFolder(),
      fail: (fault) => lending?.fail(fault),
      emit: (emission) => lending?.emit(emission),
    },
    onEnd: (reason) => opening.fail(reason),
  })
  let loan: Loan | undefined
  try {
    const definition = await within(() => thread.channel.ask<D>('import', undefined), {
      what: `the import of ${plugin.name}`,
      ms: OPEN_TIMEOUT_MS,
      signal,
    })
    opening.imported(definition)
    const where = `${owner.instance}: options`
    const options = validOptions(definition.options, opening.options, where, host.scrubber)
    loan = lend(host, owner, options, opening.fail)
    lending = new Lending({ ...loan.context, ...opening.extra } as InputContext, thread.channel)
    const lent = { name: owner.instance, options, folder: host.folder }
    const opened = await within(() => thread.channel.ask<Opened>('open', lent), {
      what: 'open',
      ms: OPEN_TIMEOUT_MS,
      signal,
    })
    const session = remoteSession(definition.kind, opened, thread, lending) as unknown as S
    const whole = loan
    return {
      number: owner.generation,
      package: plugin,
      definition,
      session,
      activate: () => whole.activate(),
      fail: opening.fail,
      ...ending(whole, (graceMs) => stop(thread, whole, lending, graceMs)),
    }
  } catch (cause) {
    await thread.terminate()
    await loan?.takeBack()
    throw failureOf(cause, opening, loan !== undefined)
  }
}

/** What was thrown here or there: what the gateway itself says in the thread stays what it is. */
function failureOf(thrown: unknown, { owner, package: plugin }: Opening, imported: boolean): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  const { code, message, cause } = asError(thrown)
  if (code !== undefined && Object.hasOwn(ERRORS, code))
    return new GatewayError(code as ErrorCode, message, { cause })
  return imported
    ? new GatewayError('SG_OPEN_FAILED', `${owner.instance} could not open`, { cause: thrown })
    : new GatewayError('SG_IMPORT_FAILED', `${plugin.name} cannot be imported`, { cause: thrown })
}

async function stop(
  thread: PluginThread,
  loan: Loan,
  lending: Lending | undefined,
  graceMs: number,
): Promise<void> {
  const { log } = loan.context
  const timer = new AbortController()
  thread.channel.tell('leave', undefined)
  const stopped = thread.channel.ask('stop', undefined).catch((error: { readonly code?: unknown }) => {
    if (error.code !== 'SG_WORKER_ENDED')
      log.warn({ err: error }, 'stop failed; what it held ends with its thread')
  })
  const late = delay(graceMs, 'late' as const, { signal: timer.signal }).catch(() => undefined)
  if ((await Promise.race([stopped, late])) === 'late')
    log.warn(`stop did not finish within ${graceMs} ms; its thread is ended`)
  // Whoever asked it for a page still gets that.
  else await Promise.race([lending?.answered(), late])
  timer.abort()
  await thread.terminate()
}
