/** A token bucket as Loki limits rates with: full at the start, a piece larger than the burst never passes. */
export interface Rate {
  /** Whether this many bytes may pass now; they are taken when they may. */
  allow(bytes: number): boolean
}

export function rate(bytesPerSecond: number, burstBytes: number): Rate {
  let tokens = burstBytes
  let at = performance.now()
  return {
    allow(bytes) {
      if (bytesPerSecond === 0 || bytesPerSecond === Infinity) return true
      const now = performance.now()
      tokens = Math.min(burstBytes, tokens + ((now - at) / 1000) * bytesPerSecond)
      at = now
      if (bytes > tokens) return false
      tokens -= bytes
      return true
    },
  }
}
