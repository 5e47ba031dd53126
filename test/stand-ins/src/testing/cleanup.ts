import { afterEach } from 'vitest'

/** Closes what a test started, last first, when the test is over. */
export function closedAfterwards(): <T extends { close(): unknown }>(started: T) => T {
  const open: { close(): unknown }[] = []
  afterEach(async () => {
    for (const started of open.splice(0).toReversed()) await started.close()
  })
  return (started) => {
    open.push(started)
    return started
  }
}
