import { stat } from 'node:fs/promises'
import type { GatewayProcess } from '../../e2e/src/gateway-process.ts'
import { until } from '../../e2e/src/peers/until.ts'
import { balanceOf, flawsOf } from './balance.ts'
import type { Balance } from './balance.ts'
import { ENTRY_BYTES } from './entries.ts'
import { metricsOf } from './metrics.ts'

/** A rate above what a machine can do leaves a backlog. */
const DEADLINE_MS = 120_000
const UNDER_WAY = /^smart_gateway_(?:input_messages_in_flight|queue_records)\{/

/** The balance of a ledger once nothing is under way any more, and what is wrong with it. */
export interface Rest {
  readonly balance: Balance
  readonly flaws: readonly string[]
}

/** Waits until a ledger has as many entries as were confirmed and the gateway holds nothing, so that no copy is still to come. */
export async function restOf(
  gateway: GatewayProcess,
  who: string,
  path: string,
  confirmed: number,
): Promise<Rest> {
  const came = async (): Promise<boolean> => {
    const { size } = await stat(path).catch(() => ({ size: 0 }))
    return size >= ENTRY_BYTES * confirmed && (await isIdle(gateway))
  }
  const late = await until(`all messages of ${who} in the store`, came, DEADLINE_MS).then(
    () => [],
    (error: Error) => [error.message],
  )
  const balance = await balanceOf(path, confirmed)
  return { balance, flaws: [...late, ...flawsOf(who, balance)] }
}

async function isIdle(gateway: GatewayProcess): Promise<boolean> {
  return (await metricsOf(gateway)).every(([line, value]) => value === 0 || !UNDER_WAY.test(line))
}
