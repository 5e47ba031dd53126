import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'

/** What the handler is told of a request beside itself. */
export interface AdminBindings {
  readonly remoteAddress: string | undefined
  /** It came over the Unix socket, which only the gateway's own user can open. */
  readonly trusted: boolean
}

/** Stands for the address of whoever came over the Unix socket. */
export const OWNER = 'unix'

/** Whether an Authorization header holds the bearer token; never when there is no token. */
export function hasToken(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined || authorization === undefined) return false
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`))
}

/** Lets those pass who may change something: over the Unix socket, or with the token. */
export function guardOf(tokenNow: () => string | undefined): MiddlewareHandler {
  return async (c, next) => {
    const token = tokenNow()
    const { trusted = false } = (c.env ?? {}) as Partial<AdminBindings>
    if (trusted || hasToken(c.req.header('authorization'), token)) return next()
    if (token !== undefined) return c.json({ error: 'changing something needs the bearer token' }, 401)
    return c.json({ error: NO_TOKEN }, 403)
  }
}

const NO_TOKEN =
  'changing something needs the Unix socket admin.sock in the state folder, which the commands of smart-gateway use, or a bearer token, and none is set: set gateway.admin.token in startup.yaml, 16 characters or more'
