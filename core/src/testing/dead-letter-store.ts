import type { Logger } from 'pino'
import { onTestFinished } from 'vitest'
import { Scrubber } from '../config/secrets.ts'
import { openDeadLetters } from '../dead-letters/dead-letters.ts'
import type { DeadLetters } from '../dead-letters/dead-letters.ts'
import type { LetterLimits } from '../dead-letters/letter-file.ts'
import type { DeadMessage } from '../dead-letters/letter.ts'
import { recordingLog } from './log-lines.ts'

/** Opens a store of dead letters; it is closed with the test. */
export async function openStore(
  stateFolder: string,
  {
    limits,
    secrets = [],
    log = recordingLog().log,
  }: {
    readonly limits?: Partial<LetterLimits>
    readonly secrets?: readonly string[]
    readonly log?: Logger
  } = {},
): Promise<DeadLetters> {
  const scrubber = new Scrubber()
  scrubber.add(secrets)
  const letters = await openDeadLetters({
    stateFolder,
    limits: { maxBytes: 64 * 1024 * 1024, whenFull: 'dropOldest', ...limits },
    scrubber,
    log,
  })
  onTestFinished(() => letters.close())
  return letters
}

/** A message that did not decode. */
export function deadMessage(body: string | Buffer, more: Partial<DeadMessage> = {}): DeadMessage {
  return {
    kind: 'message',
    instance: 'collectd',
    generation: 1,
    reason: 'not JSON',
    message: { body: Buffer.from(body) },
    ...more,
  }
}
