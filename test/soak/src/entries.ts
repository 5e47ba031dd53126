import { open } from 'node:fs/promises'

/** Three doubles. */
export const ENTRY_BYTES = 24
const ENTRIES_AT_ONCE = 65_536

/** Calls back with each entry of a file that the ledger plugin wrote: a number, when it was published, when it was written. */
export async function readEntries(
  path: string,
  visit: (id: number, publishedMs: number, writtenMs: number) => void,
): Promise<void> {
  const file = await open(path)
  try {
    const buffer = Buffer.alloc(ENTRY_BYTES * ENTRIES_AT_ONCE)
    for (let at = 0; ;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) return
      if (bytesRead < ENTRY_BYTES) throw new Error(`${path} ends with half an entry`)
      const whole = bytesRead - (bytesRead % ENTRY_BYTES)
      for (let i = 0; i < whole; i += ENTRY_BYTES)
        visit(buffer.readDoubleLE(i), buffer.readDoubleLE(i + 8), buffer.readDoubleLE(i + 16))
      at += whole
    }
  } finally {
    await file.close()
  }
}
