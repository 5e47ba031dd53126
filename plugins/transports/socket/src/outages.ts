import type { Logger } from '@smart-gateway/sdk'

/** What goes wrong often is logged when it begins and when it is over, however often it happens between. */
export interface Outages {
  /** It went wrong `times` times; `begin` is logged unless that kind of thing goes wrong already. */
  tell(kind: string, times: number, begin: () => string): void
  /** Logs the ends of what goes on. */
  end(): void
}

export function makeOutages(log: Logger, calmMs = CALM_MS): Outages {
  const open = new Map<string, Outage>()

  const finish = (kind: string, outage: Outage): void => {
    clearTimeout(outage.calm)
    open.delete(kind)
    if (outage.times > 1) log.info(`over: ${outage.times} ${kind}`)
  }

  return {
    tell(kind, times, begin) {
      const known = open.get(kind)
      if (known !== undefined) {
        known.times += times
        known.calm.refresh()
        return
      }
      log.warn(begin())
      const outage: Outage = { times, calm: setTimeout(() => finish(kind, outage), calmMs).unref() }
      open.set(kind, outage)
    },
    end() {
      for (const [kind, outage] of open) finish(kind, outage)
    },
  }
}

/** An outage is over when nothing of its kind has happened for so long. */
const CALM_MS = 10_000

interface Outage {
  times: number
  readonly calm: NodeJS.Timeout
}
