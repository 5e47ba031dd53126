import type { Stage } from './stage.ts'

/** Makes a store fail half of the time, until the signal aborts. Returns how often it failed. */
export async function waver(
  { storeOf, random, wait }: Pick<Stage, 'storeOf' | 'random' | 'wait'>,
  output: string,
  signal: AbortSignal,
): Promise<number> {
  const store = storeOf(output)
  let hits = 0
  while (!signal.aborted) {
    const failing = store.misbehave(random() < 0.5 ? { status: 503 } : BUSY)
    await wait(300 + random() * 400)
    failing.stop()
    hits += failing.hits
    await wait(300 + random() * 400)
  }
  return hits
}

const BUSY = { status: 429, headers: { 'retry-after': '1' } } as const
