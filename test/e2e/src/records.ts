import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GatewayProcess } from './gateway-process.ts'
import { until } from './peers/until.ts'

/** One line of a file output. */
export type Line = Readonly<Record<string, unknown>>

/** The whole lines that a file output has written so far, by a path below the gateway's folder; none when there is no file yet. */
export async function linesOf(
  gateway: GatewayProcess,
  path: string,
  parse: (text: string) => unknown = JSON.parse,
): Promise<Line[]> {
  const text = await readFile(join(gateway.folder, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => parse(line) as Line)
}

/** Waits until a file output has that many lines, at least, and returns them. */
export async function untilLines(
  gateway: GatewayProcess,
  path: string,
  count: number,
  deadlineMs = 30_000,
  parse?: (text: string) => unknown,
): Promise<Line[]> {
  let seen = 0
  try {
    return await until(
      `${count} lines in ${path}`,
      async () => {
        const lines = await linesOf(gateway, path, parse)
        seen = lines.length
        return seen >= count && lines
      },
      deadlineMs,
    )
  } catch (error) {
    throw new Error(`${(error as Error).message}; there are ${seen}\n${gateway.stderr().slice(-2000)}`, {
      cause: error,
    })
  }
}
