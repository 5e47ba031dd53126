/** What was thrown as one line, with the messages of its causes. */
export function messageOf(thrown: unknown): string {
  return messagesOf(thrown)
    .join(': ')
    .replaceAll(/\s*\n\s*/g, ' ')
    .slice(0, 400)
}

/** The message of what was thrown, and those of its causes. */
export function messagesOf(thrown: unknown): readonly string[] {
  const messages: string[] = []
  for (let at = thrown, depth = 0; at !== undefined && at !== null && depth < 5; depth++) {
    const message = (at as { message?: unknown }).message
    messages.push(typeof message === 'string' ? message || String((at as Error).name) : String(at))
    at = (at as { cause?: unknown }).cause
  }
  return messages
}

/** What is wrong with what was thrown, by the contract's words on errors, or undefined. */
export function flawOfError(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return `${typeof thrown} (${String(thrown)}) was thrown`
  const { message, retryable, retryAfter, code } = thrown as Record<string, unknown>
  if (typeof message !== 'string' || message === '') return 'what was thrown has no message'
  if (retryable !== undefined && typeof retryable !== 'boolean')
    return `its retryable is ${JSON.stringify(retryable)}, no boolean`
  if (retryAfter !== undefined && !(typeof retryAfter === 'number' && retryAfter > 0))
    return `its retryAfter is ${JSON.stringify(retryAfter)}, no number of milliseconds above 0`
  if (code !== undefined && typeof code !== 'string' && typeof code !== 'number') return 'its code is no text'
  return undefined
}

/** Everything that an error shows, its causes included. */
export function textsOf(thrown: unknown): readonly string[] {
  if (typeof thrown !== 'object' || thrown === null) return [String(thrown)]
  const { message, stack, code, cause } = thrown as Record<string, unknown>
  const own = [message, stack, code].filter((text) => text !== undefined).map(String)
  return cause === undefined || cause === null ? own : [...own, ...textsOf(cause)]
}

/** Whether it is an error of the system, or was made of one, however many stand between. */
export function hasSystemCode(thrown: unknown, depth = 0): boolean {
  if (typeof thrown !== 'object' || thrown === null || depth > MOST_CAUSES) return false
  const { code, cause, errors } = thrown as Record<string, unknown>
  if (typeof code === 'string' && SYSTEM_CODE.test(code)) return true
  // What an AggregateError is made of.
  const parts: readonly unknown[] = Array.isArray(errors) ? errors : []
  return [cause, ...parts].some((part) => hasSystemCode(part, depth + 1))
}

const MOST_CAUSES = 10
/** ECONNREFUSED, say; ERR_… are Node's own. */
const SYSTEM_CODE = /^E(?!RR_)[A-Z0-9_]+$/
