/**
 * Milliseconds that only go forward, the same on every thread of the machine: `performance.now()` begins anew in each
 * worker, and state may come from one.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
