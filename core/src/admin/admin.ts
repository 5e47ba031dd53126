import { Hono } from 'hono'
import type { Registry as Metrics } from 'prom-client'
import type { Handler } from '../host/listener.ts'
import type { Registry } from '../registry/registry.ts'
import { hasToken } from './bearer.ts'
import { deadLetterRoutes } from './dead-letter-routes.ts'
import type { DeadLetterAdmin } from './dead-letter-routes.ts'
import { ledgerRoutes } from './ledger-routes.ts'

/** What the admin listener shows. */
export interface Admin extends DeadLetterAdmin {
  readonly registry: Registry
  readonly metrics: Metrics
  /** Opens /api to other machines; without it /api answers loopback only. */
  readonly token: string | undefined
  /** True from the moment that a stop begins. */
  draining(): boolean
}

/** Makes the handler of the admin listener: /health/live, /health/ready, /metrics and /api/v1. */
export function adminHandler({ registry, metrics, token, draining, letters, replay }: Admin): Handler {
  const app = new Hono<{ Bindings: { remoteAddress: string | undefined } }>()
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
    return c.json({ ready, ...(draining() && { draining: true }), notReady }, ready ? 200 : 503)
  })
  app.get('/metrics', async (c) =>
    c.text(await metrics.metrics(), 200, { 'content-type': metrics.contentType }),
  )
  app.use('/api/*', async (c, next) => {
    if (isLoopback(c.env.remoteAddress) || hasToken(c.req.header('authorization'), token)) return next()
    return c.json(
      { error: 'from another machine /api needs the bearer token that gateway.admin.token sets' },
      401,
    )
  })
  app.get('/api/v1/instances', (c) => c.json({ instances: registry.view() }))
  app.route('/api/v1/ledger', ledgerRoutes(registry))
  app.route('/api/v1/dead-letters', deadLetterRoutes({ letters, replay, token }))
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
        ],
      },
      404,
    ),
  )
  return (request, remoteAddress) => app.fetch(request, { remoteAddress })
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address)
}
