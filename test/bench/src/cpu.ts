/** CPU time of this process for one call, in nanoseconds. */
export async function cpuOf(action: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await action()
  const { user, system } = process.cpuUsage(before)
  return (user + system) * 1000
}
