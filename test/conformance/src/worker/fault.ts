/** An error as it crosses between threads: only what the contract says of it. */
export interface Fault {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly retryable?: boolean
  readonly retryAfter?: number
  readonly cause?: Fault
}

const MAX_CAUSES = 5

/** What was thrown, ready to cross. */
export function toFault(thrown: unknown, causes = MAX_CAUSES): Fault {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) }
  const { name, message, code, retryable, retryAfter, cause } = thrown as Error & Record<string, unknown>
  return {
    name: String(name),
    message: String(message),
    ...(typeof code === 'string' && { code }),
    ...(typeof retryable === 'boolean' && { retryable }),
    ...(typeof retryAfter === 'number' && { retryAfter }),
    ...(cause !== undefined && causes > 0 && { cause: toFault(cause, causes - 1) }),
  }
}

/** The error that crossed. */
export function fromFault({ message, cause, ...rest }: Fault): Error {
  return Object.assign(new Error(message, cause && { cause: fromFault(cause) }), rest)
}
