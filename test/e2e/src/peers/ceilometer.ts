import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileOf } from './installed.ts'

/** What ceilometer shall publish, and where to. */
export interface CeilometerOrder {
  /** Publishers as pipeline.yaml names them: `notifier://?topic=…`, `udp://…`, `http://…`, `tcp://…`. */
  readonly publishers: readonly string[]
  /** Where `notifier://` without a host goes: `rabbit://…`. */
  readonly transport?: string
  /** Samples of the meter `cpu`, numbered from 0, given to each publisher. */
  readonly samples?: number
  /** Events `image.delete`, numbered from 0, given to each publisher that takes events. */
  readonly events?: number
}

const DEADLINE_MS = 60_000

/** Publishes with Debian's ceilometer; resolves when its publishers have sent everything. */
export async function publishWithCeilometer(order: CeilometerOrder): Promise<void> {
  const script = join(import.meta.dirname, 'ceilometer-publish.py')
  await new Promise<void>((resolve, reject) => {
    // Its modules are Debian's, which another Python does not see.
    const child = execFile(
      fileOf('ceilometer'),
      [script],
      { timeout: DEADLINE_MS },
      (error, stdout, stderr) => {
        if (error === null && stdout.includes('published')) resolve()
        else reject(new Error(`ceilometer did not publish: ${stderr.slice(-2000)}`, { cause: error }))
      },
    )
    child.stdin?.end(JSON.stringify({ host: 'controller-0', ...order }))
  })
}
