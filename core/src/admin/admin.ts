import { Hono } from 'hono'
import type { Registry as Metrics } from 'prom-client'
import type { Handler } from '../host/listener.ts'
import type { Registry } from '../registry/registry.ts'
import type { Changes } from '../change/changes.ts'
import type { Reconciler } from '../change/reconciler.ts'
import type { Standing } from '../change/standing.ts'
import { changeRoutes } from './change-routes.ts'
import { guardOf, hasToken, OWNER } from './guard.ts'
import type { AdminBindings } from './guard.ts'
import { deadLetterRoutes } from './dead-letter-routes.ts'
import type { DeadLetterAdmin } from './dead-letter-routes.ts'
import { ledgerRoutes } from './ledger-routes.ts'

/** What the admin listener shows. */
export interface Admin extends Omit<DeadLetterAdmin, 'guard'> {
  readonly registry: Registry
  readonly reconciler: Reconciler
  readonly changes: Changes
  readonly standing: Standing
  readonly metrics: Metrics
  /** Opens /api to other machines; without it /api answers loopback only. */
  token(): string | undefined
  /** True from the moment that a stop begins. */
  draining(): boolean
}

/** Makes the handler of the admin listener: /health/live, /health/ready, /metrics and /api/v1. */
export function adminHandler(admin: Admin): Handler {
  const { registry, reconciler, changes, standing, metrics, token, draining, letters, replay } = admin

  const app = new Hono<{ Bindings: AdminBindings }>()
  const guard = guardOf(token)
  app.get('/health/live', (c) => c.json({ live: true }))
  app.get('/health/ready', (c) => {
    const waiting = registry
      .view()
      .filter(({ required, state }) => required && state !== 'ready' && state !== 'degraded')
    const ready = waiting.length === 0 && !draining()
    const notReady = waiting.map(({ name, state, reason }) => ({
      name,
      state,
      ...(reason !== undefined && { reason }),
    }))
    const { refusal } = standing
    return c.json(
      {
        ready,
        ...(draining() && { draining: true }),
        notReady,
        ...(refusal !== undefined && { refused: refusal }),
      },
      ready ? 200 : 503,
    )
  })
  app.get('/metrics', async (c) =>
    c.text(await metrics.metrics(), 200, { 'content-type': metrics.contentType }),
  )
  app.use('/api/*', async (c, next) => {
    if (c.env.trusted || isLoopback(c.env.remoteAddress) || hasToken(c.req.header('authorization'), token()))
      return next()
    return c.json(
      { error: 'from another machine /api needs the bearer token that gateway.admin.token sets' },
      401,
    )
  })
  app.route('/api/v1', changeRoutes({ registry, reconciler, changes, guard }))
  app.get('/api/v1/instances', (c) => c.json({ instances: registry.view() }))
  app.route('/api/v1/ledger', ledgerRoutes(registry))
  app.route('/api/v1/dead-letters', deadLetterRoutes({ letters, replay, guard }))
  app.notFound((c) =>
    c.json(
      {
        error: 'not found',
        known: [
          '/health/live',
          '/health/ready',
          '/metrics',
          '/api/v1/instances',
          '/api/v1/ledger',
          '/api/v1/dead-letters',
          '/api/v1/plan',
          '/api/v1/changes',
        ],
      },
      404,
    ),
  )
  return (request, remoteAddress) => app.fetch(request, { remoteAddress, trusted: remoteAddress === OWNER })
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address)
}
