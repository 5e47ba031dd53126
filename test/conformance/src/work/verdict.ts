import type { Batch } from '@smart-gateway/sdk'
import { messageOf } from '../subject/message.ts'
import type { Written } from './write.ts'

/** What the gateway would do with a batch after such a write. */
export function verdictOn(
  written: Written,
  { length }: Batch,
): 'stored' | 'again' | 'refused' | 'mixed' | 'pending' {
  if (written.how === 'pending') return 'pending'
  if (written.how === 'failed') return isPermanent(written.error) ? 'refused' : 'again'
  if (written.rejected.length === 0) return 'stored'
  if (written.rejected.length < length) return 'mixed'
  const permanent = written.rejected.filter(({ error }) => isPermanent(error)).length
  return permanent === length ? 'refused' : permanent === 0 ? 'again' : 'mixed'
}

/** How a write ended, in words. */
export function told(written: Written): string {
  if (written.how === 'pending') return 'is pending'
  if (written.how === 'taken')
    return written.rejected.length === 0
      ? 'resolved, as if the store had it'
      : `resolved with ${written.rejected.length} rejected: ${messageOf(written.rejected[0]!.error)} (${kindOf(written.rejected[0]!.error)})`
  return `failed: ${messageOf(written.error)} (${kindOf(written.error)})`
}

export function isPermanent(error: unknown): boolean {
  return (error as { retryable?: unknown }).retryable === false
}

function kindOf(error: unknown): string {
  return isPermanent(error) ? 'retryable: false' : 'to be tried again'
}
