/** What can be said about a failure beside its message. */
export interface ErrorDetails {
  /** Milliseconds, more than 0, to wait at least before the next try, when the peer asked for it. */
  readonly retryAfter?: number
  /** A stable word for programs, for example `ECONNREFUSED` or `HTTP_429`. */
  readonly code?: string
  /** The error underneath; the log shows its message behind this one's. */
  readonly cause?: unknown
}

/**
 * An error as the host reads it: by its properties, never by its class, so that it survives another copy of
 * the SDK or another thread. An error without `retryable` counts as retryable from an output or a transport
 * (nothing is thrown away for an unknown reason) and as permanent from `decode` (the same bytes fail again).
 */
export interface PluginError extends Error {
  /** Whether the same may work when it is tried again. */
  readonly retryable?: boolean
  /**
   * Milliseconds to wait at least before the next try; also read from an error's `cause` when it has none.
   */
  readonly retryAfter?: number
  /** A stable word for programs, as in `ErrorDetails`. */
  readonly code?: string
}

/**
 * Makes an error after which trying again may work: a timeout, a refused connection, HTTP 429 or 5xx.
 * `message` says what failed and where, without a secret. Throws nothing: the caller throws what it returns.
 */
export function retryable(message: string, details: ErrorDetails = {}): PluginError {
  return describe(message, true, details)
}

/** Makes, as `retryable` does, an error after which the same cannot work: malformed data, HTTP 400. */
export function permanent(message: string, details: ErrorDetails = {}): PluginError {
  return describe(message, false, details)
}

function describe(message: string, canRetry: boolean, { cause, ...details }: ErrorDetails): PluginError {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause })
  return Object.assign(error, { retryable: canRetry, ...details })
}
