/** What can be said about a failure beside its message. */
export interface ErrorDetails {
  /** Milliseconds to wait at least before the next try, when the peer asked for it. */
  readonly retryAfter?: number
  /** A stable word for programs, for example `ECONNREFUSED` or `HTTP_429`. */
  readonly code?: string
  /** The error underneath. */
  readonly cause?: unknown
}

/**
 * An error as the host reads it: by its properties, never by its class, so that it survives another copy of the SDK or
 * another thread. An error without `retryable` counts as retryable from an output or a transport (nothing is thrown
 * away for an unknown reason) and as permanent from `decode` (the same bytes fail again).
 */
export interface PluginError extends Error {
  readonly retryable?: boolean
  readonly retryAfter?: number
  readonly code?: string
}

/** An error after which trying again may work: a timeout, a refused connection, HTTP 429 or 5xx. */
export function retryable(message: string, details: ErrorDetails = {}): PluginError {
  return describe(message, true, details)
}

/** An error after which trying the same again cannot work: malformed data, a refused document, HTTP 400. */
export function permanent(message: string, details: ErrorDetails = {}): PluginError {
  return describe(message, false, details)
}

function describe(message: string, canRetry: boolean, { cause, ...details }: ErrorDetails): PluginError {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause })
  return Object.assign(error, { retryable: canRetry, ...details })
}
