import type { PluginError } from '@smart-gateway/sdk'
import { asError } from '../errors.ts'

/** An error as it crosses to another thread: only what the contract says of it. */
export interface Fault {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
  readonly retryable?: boolean
  readonly retryAfter?: number
  readonly cause?: Fault
}

const MAX_CAUSES = 5

/** What was thrown, ready to cross. */
export function toCloneable(thrown: unknown, causes = MAX_CAUSES): Fault {
  const { name, message, stack, code, retryable, retryAfter, cause } = asError(thrown)
  return {
    name: String(name),
    message: String(message),
    ...(typeof stack === 'string' && { stack }),
    ...(typeof code === 'string' && { code }),
    ...(typeof retryable === 'boolean' && { retryable }),
    ...(typeof retryAfter === 'number' && { retryAfter }),
    ...(cause !== undefined && cause !== null && causes > 0 && { cause: toCloneable(cause, causes - 1) }),
  }
}

/** The error that crossed. */
export function fromCloneable({ message, cause, ...rest }: Fault): PluginError {
  const error = new Error(message, cause === undefined ? undefined : { cause: fromCloneable(cause) })
  return Object.assign(error, rest)
}
