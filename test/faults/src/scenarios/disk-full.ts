import { join } from 'node:path'
import { until } from '../../../e2e/src/peers/until.ts'
import { besideHealthy } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import { mountSmallDisk, whyNoSmallDisk } from '../small-disk.ts'

const DISK_BYTES = 12 * 1024 ** 2

/** The disk under a disk queue is full while its store is away; with `killed`, the gateway is killed then. */
export const diskFull = (killed: boolean): Scenario => ({
  name: killed ? 'disk full, then killed' : 'disk full',
  // One disk queue: two would fill so small a disk with what each keeps for itself.
  outputs: besideHealthy({ store: 'elasticsearch', guard: 'disk' }, 'optional'),
  lineBytes: 8000,
  lostAnswers: killed,
  unable: whyNoSmallDisk,
  before: (folder) => mountSmallDisk(join(folder, 'state/queues'), DISK_BYTES),
  async harm(stage) {
    const errors = stage.storeOf('harmed').misbehave({ status: 503 })
    const isFull = (): boolean => stage.gateway.stderr().includes('SG_QUEUE_NO_ROOM')
    await until('the gateway to say that the disk is full', isFull, 15_000)
    const { reason } = await stage.gateway.instance('harmed')
    await stage.wait(stage.full ? 10_000 : 300)
    if (killed) {
      await stage.kill()
      await stage.wait(300)
    }
    errors.stop()
    const flaws = /no room/.test(reason ?? '') ? [] : [`the disk is full, and its health says: ${reason}`]
    return { done: { '503s': errors.hits }, flaws }
  },
})
