import { Refusal } from './refusal.ts'
import type { ErrorCause } from './refusal.ts'

/** A document's refusal in the words of a major version: 8 and later name the place, 7 has another type. */
export function documentError(major: number, where: string, reason: string, cause?: ErrorCause): Refusal {
  const error =
    major >= 8
      ? { type: 'document_parsing_exception', reason: `${where} ${reason}` }
      : { type: 'mapper_parsing_exception', reason }
  return new Refusal(400, cause ? { ...error, caused_by: cause } : error)
}

/** How an error that is not about one field comes out: 7 hides it in the cause. */
export function failedToParse(major: number, where: string, cause: ErrorCause): Refusal {
  return documentError(
    major,
    where,
    major >= 8 ? `failed to parse: ${cause.reason}` : 'failed to parse',
    cause,
  )
}
