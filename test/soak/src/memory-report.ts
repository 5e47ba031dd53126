import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** A process' memory right after a garbage collection: the main thread's heap, and all that is resident. */
export interface MemoryReport {
  readonly heapBytes: number
  readonly rssBytes: number
}

/** What makes a gateway tell its memory on a Unix socket; nothing of the gateway itself is changed for it. */
export function tellingMemory(socket: string): NodeJS.ProcessEnv {
  return {
    NODE_OPTIONS: `--expose-gc --import=${join(import.meta.dirname, 'report-memory.js')}`,
    SOAK_MEMORY_SOCKET: socket,
  }
}

export async function askMemory(socket: string): Promise<MemoryReport> {
  return JSON.parse(await text(connect(socket))) as MemoryReport
}
