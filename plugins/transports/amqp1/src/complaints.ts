import type { Logger } from '@smart-gateway/sdk'

/** What peers do wrong is logged when it begins, and once a minute while it goes on, however often they do it. */
export interface Complaints {
  /** `about` is who does what: of those that are equal one is logged. */
  tell(about: string, sentence: string): void
  end(): void
}

export function makeComplaints(log: Logger): Complaints {
  const open = new Map<string, Complaint>()

  return {
    tell(about, sentence) {
      const isOne = open.has(about) || open.size < MOST
      const key = isOne ? about : OTHERS
      const known = open.get(key)
      if (known !== undefined) {
        known.times += 1
        return
      }
      const complaint: Complaint = {
        sentence: isOne ? sentence : OTHERS,
        times: 0,
        review: setInterval(() => review(key, complaint), MINUTE_MS).unref(),
      }
      open.set(key, complaint)
      log.warn(complaint.sentence)
    },

    end() {
      for (const { review: timer } of open.values()) clearInterval(timer)
      open.clear()
    },
  }

  function review(key: string, complaint: Complaint): void {
    if (complaint.times === 0) {
      clearInterval(complaint.review)
      open.delete(key)
      return
    }
    log.warn(`${complaint.sentence} (${complaint.times} more times in the last minute)`)
    complaint.times = 0
  }
}

/** What a peer says decides what is different: it must not fill the memory, or the log. */
const MOST = 64
const OTHERS = `peers do more than ${MOST} different things wrong; what the others do is not told`
const MINUTE_MS = 60_000

interface Complaint {
  readonly sentence: string
  readonly review: NodeJS.Timeout
  times: number
}
