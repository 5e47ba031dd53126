import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether an Authorization header holds the bearer token; never when there is no token. */
export function hasToken(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined || authorization === undefined) return false
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`))
}
