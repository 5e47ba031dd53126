/** When the messages of a recording are due, in ms after its first one. */
export interface Pace {
  /** `t` is the time in the recording; a message without one follows the message before it by 1/rate seconds. */
  due(t: number | undefined): number
  /** The recording begins again, 1/rate seconds after its last message. */
  again(): void
}

/** A speed of 0 makes everything due at once. */
export function pace(speed: number, rate: number): Pace {
  const step = 1000 / rate
  let began = 0
  let latest = -step
  return {
    due(t) {
      latest = t === undefined ? latest + step : Math.max(latest, began + t)
      return speed === 0 ? 0 : latest / speed
    },
    again() {
      began = latest + step
    },
  }
}
