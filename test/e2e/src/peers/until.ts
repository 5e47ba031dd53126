const POLL_MS = 25

type Falsy = false | '' | 0 | null | undefined

/** Waits until `condition` gives something truthy, and returns that. Rejects after the deadline, saying what was awaited. */
export async function until<T>(
  what: string,
  condition: () => T | Falsy | Promise<T | Falsy>,
  deadlineMs = 10_000,
): Promise<T> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const value = await condition()
    if (value) return value
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
