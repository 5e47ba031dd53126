/** The few states that an instance can be in, derived from what happened to it. */
export type State = 'starting' | 'ready' | 'degraded' | 'failed' | 'draining' | 'stopped'

/** A state with what an operator wants to know of it. */
export interface Status {
  readonly state: State
  /** One sentence; always there when degraded or failed. */
  readonly reason?: string
  /** When it came into this state, milliseconds since the epoch. */
  readonly sinceMs: number
  /** When a failed instance is tried again. */
  readonly nextTryMs?: number
}

/** A status of now. */
export function status(state: State, details: { reason?: string; nextTryMs?: number } = {}): Status {
  return { state, sinceMs: Date.now(), ...details }
}
