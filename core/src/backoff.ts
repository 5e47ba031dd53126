/** How long to wait between tries, in milliseconds. */
export interface BackoffLimits {
  readonly initialMs: number
  readonly maxMs: number
}

/** Between two tries to open or to subscribe. */
export const RETRY: BackoffLimits = { initialMs: 1000, maxMs: 30_000 }

/** What a timer can wait: a longer one would fire at once. */
const MAX_WAIT_MS = 2 ** 31 - 1

/** Waiting times that double from `initialMs` to `maxMs`, with full jitter so that many clients do not return at once. */
export class Backoff {
  readonly #limits: BackoffLimits
  #failures = 0

  constructor(limits: BackoffLimits) {
    this.#limits = limits
  }

  /** The next wait in milliseconds; at least a tenth of its step, and at least what the peer asked for. */
  next(atLeastMs = 0): number {
    const step = Math.min(this.#limits.maxMs, this.#limits.initialMs * 2 ** Math.min(this.#failures++, 40))
    return Math.min(MAX_WAIT_MS, Math.max(1, atLeastMs, Math.round(step * (0.1 + 0.9 * Math.random()))))
  }

  /** Begins anew after a success. */
  reset(): void {
    this.#failures = 0
  }
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
