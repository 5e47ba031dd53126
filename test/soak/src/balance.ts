import { readEntries } from './entries.ts'

/** How often each number from 0 on was stored, and how long each was under way. */
export interface Balance {
  readonly lost: number
  readonly duplicates: number
  /** When each message was published, in its order, and how long it took to the store. */
  readonly publishedMs: Float64Array
  readonly tookMs: Float64Array
}

/** Compares a ledger with the numbers that were confirmed. */
export async function balanceOf(path: string, confirmed: number): Promise<Balance> {
  const copies = new Uint32Array(confirmed)
  const publishedMs = new Float64Array(confirmed)
  const tookMs = new Float64Array(confirmed)
  let strange = 0
  await readEntries(path, (id, published, written) => {
    if (id >= confirmed) return void strange++
    copies[id]!++
    publishedMs[id] = published
    tookMs[id] = written - published
  })
  let [lost, duplicates] = [0, strange]
  for (const count of copies) {
    if (count === 0) lost++
    else duplicates += count - 1
  }
  return { lost, duplicates, publishedMs, tookMs }
}

/** What is wrong with a balance. */
export function flawsOf(who: string, { lost, duplicates }: Balance): readonly string[] {
  return [
    ...(lost > 0 ? [`${lost} messages of ${who} were lost`] : []),
    ...(duplicates > 0 ? [`${duplicates} messages of ${who} were stored more than once`] : []),
  ]
}
