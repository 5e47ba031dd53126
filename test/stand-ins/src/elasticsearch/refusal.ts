/** An error as Elasticsearch tells it: inside an item, or around a whole answer. */
export interface ErrorCause {
  readonly type: string
  readonly reason: string
  readonly caused_by?: ErrorCause
  readonly [detail: string]: unknown
}

/** Thrown by whatever refuses; caught where the item or the request is answered. */
export class Refusal extends Error {
  readonly status: number
  readonly error: ErrorCause

  constructor(status: number, error: ErrorCause) {
    super(error.reason)
    this.status = status
    this.error = error
  }
}

export function refuse(status: number, type: string, reason: string, causedBy?: ErrorCause): Refusal {
  return new Refusal(status, causedBy ? { type, reason, caused_by: causedBy } : { type, reason })
}

export const illegalArgument = (reason: string): Refusal => refuse(400, 'illegal_argument_exception', reason)

/** The body of a request that failed as a whole. */
export function errorBody({ status, error }: Refusal): string {
  const { caused_by: _, ...root } = error
  return JSON.stringify({ error: { root_cause: [root], ...error }, status })
}

/** Errors of the HTTP layer are one sentence. */
export const plainError = (status: number, error: string): string => JSON.stringify({ error, status })
