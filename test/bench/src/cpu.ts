/** CPU time of this process for one call, in nanoseconds. */
export async function cpuOf(action: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await action()
  const { user, system } = process.cpuUsage(before)
  return (user + system) * 1000
}

/** CPU time of this thread for one synchronous call, in milliseconds. */
export function threadCpuMs(action: () => void): number {
  const before = process.threadCpuUsage()
  action()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
