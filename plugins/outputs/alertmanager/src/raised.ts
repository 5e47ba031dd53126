/** The severity with which each thing was raised last, for the ones that are not over yet. */
export interface Raised {
  get(identity: string): string | undefined
  /** Undefined = over. */
  set(identity: string, severity: string | undefined): void
  /** Keeps what was set since the last time: call it when Alertmanager has the alerts. */
  commit(): void
  /** Forgets it: the same events come again. */
  discard(): void
  /** What a swap hands on. */
  entries(): readonly Entry[]
  restore(state: unknown): void
}

type Entry = readonly [identity: string, severity: string]

/** Remembers up to 10,000; of more, those that were raised longest ago are forgotten. */
export function raisedAlerts(): Raised {
  const raised = new Map<string, string>()
  const changes = new Map<string, string | undefined>()

  return {
    get: (identity) => (changes.has(identity) ? changes.get(identity) : raised.get(identity)),
    set: (identity, severity) => void changes.set(identity, severity),
    commit() {
      for (const [identity, severity] of changes) {
        raised.delete(identity)
        if (severity !== undefined) raised.set(identity, severity)
      }
      changes.clear()
      for (const identity of raised.keys()) {
        if (raised.size <= MOST) break
        raised.delete(identity)
      }
    },
    discard: () => changes.clear(),
    entries: () => [...raised],
    restore(state) {
      if (!Array.isArray(state)) return
      for (const [identity, severity] of state.filter(isEntry)) raised.set(identity, severity)
    },
  }
}

const MOST = 10_000

function isEntry(value: unknown): value is Entry {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')
}
