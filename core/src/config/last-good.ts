import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isJsonObject } from '@smart-gateway/sdk/json'
import type { Pin } from '../plugins/pin.ts'
import type { RawSections } from './reading.ts'

/** What a gateway needs to know of its last run: the configuration that worked, and the code that was swapped in by hand. */
export interface LastGood {
  readonly raw: RawSections
  readonly pins: Readonly<Record<string, Pin>>
}

/** Reads what an earlier run has left; a file that is damaged gives a reason instead. */
export function readLastGood(path: string): {
  readonly lastGood: LastGood | undefined
  readonly reason: string | undefined
} {
  try {
    const kept: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (isJsonObject(kept) && isJsonObject(kept['raw']) && isPins(kept['pins']))
      return { lastGood: { raw: kept['raw'], pins: kept['pins'] }, reason: undefined }
    return {
      lastGood: undefined,
      reason: `${path} does not hold what a gateway leaves there; it is not used`,
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { lastGood: undefined, reason: undefined }
    return { lastGood: undefined, reason: `${path} cannot be read (${code ?? message}); it is not used` }
  }
}

/** Writes it whole or not at all. Literal secrets of a configuration stand in it: only its owner may read it. */
export async function writeLastGood(path: string, good: LastGood): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomUUID()}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(good, undefined, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function isPins(value: unknown): value is LastGood['pins'] {
  return isJsonObject(value) && Object.values(value).every(isPin)
}

function isPin(value: unknown): value is Pin {
  if (!isJsonObject(value)) return false
  const { plugin, number, installed } = value
  return (
    typeof plugin === 'string' &&
    Number.isSafeInteger(number) &&
    (installed === undefined || typeof installed === 'string')
  )
}
