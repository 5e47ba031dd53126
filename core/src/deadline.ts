import { GatewayError } from './errors.ts'

/** How long a plugin is waited for. */
export interface Deadline<T> {
  /** What it shall do, for the error: `open`, `subscribe`. */
  readonly what: string
  readonly ms: number
  /** Aborted = nobody wants it any more. */
  readonly signal?: AbortSignal
  /** Ends what comes after all, when nobody waits for it any more. */
  readonly letGo?: (late: T) => unknown
}

/** Waits for a plugin's work, but not for ever: rejects with SG_PLUGIN_TIMEOUT, or with SG_STOPPING once the signal aborts. */
export async function within<T>(
  work: () => T | Promise<T>,
  { what, ms, signal, letGo }: Deadline<T>,
): Promise<T> {
  if (signal?.aborted === true) throw notWanted(what)
  const done = (async () => work())()
  const leaving = new AbortController()
  const leave = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(tooLate(what, ms)), ms)
    leaving.signal.addEventListener('abort', () => clearTimeout(timer))
    signal?.addEventListener('abort', () => reject(notWanted(what)), { signal: leaving.signal })
  })
  try {
    return await Promise.race([done, leave])
  } catch (error) {
    done.then(letGo).catch(() => undefined)
    throw error
  } finally {
    leaving.abort()
  }
}

function notWanted(what: string): GatewayError {
  return new GatewayError('SG_STOPPING', `${what} was given up: nobody wants it any more`)
}

function tooLate(what: string, ms: number): GatewayError {
  return new GatewayError('SG_PLUGIN_TIMEOUT', `${what} did not finish within ${ms / 1000} s`)
}
