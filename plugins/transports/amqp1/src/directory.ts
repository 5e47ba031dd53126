import { permanent } from '@smart-gateway/sdk'
import type { Intake } from '@smart-gateway/sdk'

/** One input's place on a listener. */
export interface Claim {
  readonly input: string
  readonly addresses: readonly string[]
  readonly prefetch: number
  readonly intake: Intake
  /** It takes messages. Whoever changes it MUST call `changed`. */
  live: boolean
}

/** Who gets what is sent to an address: an input, one that may still come, or nobody. */
export type Route = Claim | 'later' | 'nobody'

/** Which input has which address of a listener. */
export interface Directory {
  /** Throws when another input has one of the addresses. */
  add(claim: Claim): void
  remove(claim: Claim): void
  changed(): void
  find(address: string): Route
  /** The most that a live claim lets a link have under way; undefined when none is live. */
  readonly prefetch: number | undefined
  /** All addresses, for people. */
  names(): string
  end(): void
}

/** While inputs come or are replaced, an address that nobody has may soon have somebody. */
export const SETTLING_MS = 5000

/** Makes an empty directory; `onChange` is called when a route may be another than before. */
export function createDirectory(onChange: () => void): Directory {
  const claims = new Set<Claim>()
  let settling: NodeJS.Timeout | undefined
  settle()

  const directory: Directory = {
    add(claim) {
      for (const other of claims) {
        const shared = other.input !== claim.input && sharedAddress(other, claim)
        if (shared)
          throw permanent(
            `the address "${shared}" already belongs to the input ${other.input}: give ${claim.input} another one`,
          )
      }
      claims.add(claim)
    },

    remove(claim) {
      if (!claims.delete(claim)) return
      settle()
      onChange()
    },

    changed: onChange,

    find(address) {
      const wanted = bare(address)
      let best: Claim | undefined
      let bestLength = -1
      for (const claim of claims) {
        for (const own of claim.addresses) {
          const length = match(bare(own), wanted)
          // Of an input's old place and its new one the one that takes messages has the address.
          if (length > bestLength || (length === bestLength && length >= 0 && claim.live)) {
            best = claim
            bestLength = length
          }
        }
      }
      if (best !== undefined) return best.live ? best : 'later'
      return settling === undefined ? 'nobody' : 'later'
    },

    get prefetch() {
      const live = Array.from(claims).filter((claim) => claim.live)
      return live.length === 0 ? undefined : Math.max(...live.map((claim) => claim.prefetch))
    },

    names: () => Array.from(claims, ({ addresses }) => addresses.join(', ')).join(', '),

    end: () => clearTimeout(settling),
  }
  return directory

  function settle(): void {
    clearTimeout(settling)
    settling = setTimeout(() => {
      settling = undefined
      onChange()
    }, SETTLING_MS)
  }
}

/** How much of the address is matched: -1 for none, everything and one more for an equal one. */
function match(own: string, wanted: string): number {
  if (own === wanted) return wanted.length + 1
  return own.endsWith('*') && wanted.startsWith(own.slice(0, -1)) ? own.length - 1 : -1
}

function sharedAddress(one: Claim, other: Claim): string | undefined {
  const taken = new Set(one.addresses.map(bare))
  return other.addresses.find((address) => taken.has(bare(address)))
}

// collectd's amqp1 sends to /collectd/telemetry, a router to collectd/telemetry.
function bare(address: string): string {
  return address.startsWith('/') ? address.slice(1) : address
}
