import { Hono } from 'hono'
import type { Context, MiddlewareHandler } from 'hono'
import type { Change } from '../change/change.ts'
import type { Changes } from '../change/changes.ts'
import type { Reconciler } from '../change/reconciler.ts'
import { formatProblem } from '../config/problem.ts'
import { sleep } from '../backoff.ts'
import { GatewayError, reasonOf } from '../errors.ts'
import type { Registry } from '../registry/registry.ts'
import { asReload, asSwap } from './change-requests.ts'
import { BadRequest } from './dead-letter-requests.ts'
import { jsonBodyOf, TooLarge } from './request-body.ts'

/** What the routes work on. */
export interface ChangeAdmin {
  readonly registry: Registry
  readonly reconciler: Reconciler
  readonly changes: Changes
  /** Lets nobody pass who may not change something. */
  readonly guard: MiddlewareHandler
}

/** One request waits so long for a change to end; a change goes on without it. */
const WAIT_MS = 60_000

/**
 * The routes that change what runs: /plan, /reload, /changes and /instances/NAME/swap and /rollback. A change answers 202 with its id;
 * with ?wait=true the answer comes when it is over.
 */
export function changeRoutes({ registry, reconciler, changes, guard }: ChangeAdmin): Hono {
  const app = new Hono()
  app.onError((error, c) => c.json({ error: reasonOf(error), ...codeOf(error) }, statusOf(error)))
  app.get('/plan', async (c) => {
    const { steps, settings, problems } = await reconciler.plan()
    const told = steps.map(({ name, kind, does, why }) => ({ name, kind, does, why }))
    return c.json({ steps: told, settings, problems: problems.map(formatProblem) })
  })
  app.post('/reload', guard, async (c) => answer(c, reconciler.reload('api', asReload(await jsonBodyOf(c)))))
  app.get('/changes', (c) => c.json({ changes: changes.list().map((change) => change.view()) }))
  app.get('/changes/:id', async (c) => {
    const change = changes.get(c.req.param('id'))
    return change === undefined
      ? c.json({ error: `no change ${c.req.param('id')} is remembered` }, 404)
      : await answer(c, change, 200)
  })
  app.post('/instances/:name/swap', guard, async (c) => {
    const name = c.req.param('name')
    const { source, shadowMs } = asSwap(await jsonBodyOf(c), targetOf(registry, name))
    return answer(c, reconciler.swap(name, source, { shadowMs }))
  })
  app.post('/instances/:name/rollback', guard, async (c) =>
    answer(c, await reconciler.rollback(c.req.param('name'))),
  )
  return app
}

async function answer(c: Context, change: Change, status: 200 | 202 = 202): Promise<Response> {
  if (c.req.query('wait') === 'true') {
    const waited = new AbortController()
    await Promise.race([change.done, sleep(WAIT_MS, waited.signal)])
    waited.abort()
  }
  return c.json(change.view(), change.state === 'done' ? 200 : status)
}

function targetOf(registry: Registry, name: string): { plugin: string; package: string } {
  const found = registry.view().find((one) => one.name === name)
  if (found === undefined) throw new GatewayError('SG_UNKNOWN_INSTANCE', `there is no instance "${name}"`)
  return { plugin: found.plugin, package: found.package }
}

function codeOf(error: unknown): { code?: string; hint?: string } {
  return error instanceof GatewayError ? { code: error.code, hint: error.hint } : {}
}

function statusOf(error: unknown): 400 | 404 | 409 | 413 | 429 | 500 | 503 {
  if (error instanceof TooLarge) return 413
  if (error instanceof BadRequest) return 400
  if (!(error instanceof GatewayError)) return 500
  if (error.code === 'SG_UNKNOWN_INSTANCE') return 404
  if (error.code === 'SG_TOO_MANY_CHANGES') return 429
  return error.code === 'SG_STOPPING' ? 503 : 409
}
