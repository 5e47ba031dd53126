import type { Amount, Damage } from './messages.ts'
import type { QueueTables } from './queue-tables.ts'
import type { Reserve } from './reserve.ts'

/** What an earlier process left in a file. */
export interface Recovery {
  readonly recovered: Amount
  readonly damaged: readonly Damage[]
  readonly lastId: number
  readonly lastSeriesId: number
}

/** Reads all that there is and sets aside what is damaged, so that what is counted can be delivered. */
export function recover(tables: QueueTables, reserve: Reserve): Recovery {
  const damaged = findDamaged(tables)
  // To set aside is to write, and the disk may be full.
  if (damaged.length > 0) reserve.release()
  for (const { rowId, damage } of damaged) tables.setAside(rowId, damage.reason)
  return {
    recovered: tables.amount(),
    damaged: damaged.map(({ damage }) => damage),
    lastId: tables.lastId(),
    lastSeriesId: tables.lastSeriesId(),
  }
}

function findDamaged(tables: QueueTables): { rowId: bigint; damage: Damage }[] {
  const readable = new Map<number, boolean>()
  const knows = (id: number): boolean => {
    const known = readable.get(id) ?? tables.seriesText(id) !== undefined
    readable.set(id, known)
    return known
  }
  const damaged: { rowId: bigint; damage: Damage }[] = []
  for (const found of tables.after(0, knows)) if (found.kind === 'damaged') damaged.push(found)
  return damaged
}
