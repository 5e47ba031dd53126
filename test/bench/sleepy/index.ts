import { setTimeout as sleep } from 'node:timers/promises'
import { defineOutput } from '@smart-gateway/sdk'

/** The gateway imports a copy of this module: what both have to see hangs on the thread's own global object. */
const shared = globalThis as { sleepyPace?: { ms: number } }

/** How long a write takes from now on; 0 = no time at all. */
export const pace = (shared.sleepyPace ??= { ms: 0 })

export default defineOutput({
  name: 'sleepy',
  signals: ['metric', 'event', 'log'],
  options: { type: 'object' },
  open: () => ({
    async write() {
      if (pace.ms > 0) await sleep(pace.ms)
    },
  }),
})
