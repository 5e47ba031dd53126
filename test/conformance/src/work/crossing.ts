/** As it crosses between a thread and the gateway: of an error only what the contract says of it. */
export function crossing(said: unknown): unknown {
  if (!(said instanceof Error)) return said
  const { message, retryable, retryAfter, code } = said as Error & Record<string, unknown>
  return { message, retryable, retryAfter, code }
}
