/** Waits for a promise to be settled, either way, but no longer than that. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise.then(ignore, ignore), late])
  clearTimeout(timer)
}

function ignore(): void {}
