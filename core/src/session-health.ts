import type { Health } from '@smart-gateway/sdk'
import { reasonOf } from './errors.ts'

/** How a session says that it is, whatever it does instead of saying so; undefined where it says nothing. Never throws. */
export function sessionHealth(session: { health?(): Health } | undefined): Health | undefined {
  try {
    const said: unknown = session?.health?.()
    if (said === undefined || isHealth(said)) return said
    // A promise that is rejected and nobody's would be taken for a fault of the whole process.
    void Promise.resolve(said).catch(() => undefined)
    return unknown('health returned neither { state: "ready" } nor { state: "degraded", reason }')
  } catch (error) {
    return unknown(reasonOf(error))
  }
}

function isHealth(said: unknown): said is Health {
  if (typeof said !== 'object' || said === null) return false
  const { state, reason } = said as { readonly state?: unknown; readonly reason?: unknown }
  return state === 'ready' || (state === 'degraded' && typeof reason === 'string')
}

function unknown(reason: string): Health {
  return { state: 'degraded', reason: `it cannot tell how it is: ${reason}` }
}
