import type { GatewayProcess } from '../../e2e/src/gateway-process.ts'
import { metricsOf } from './metrics.ts'

/** How a gateway's changes ended, and what it cannot account for. */
export interface Account {
  readonly outcomes: Readonly<Record<string, number>>
  readonly flaws: readonly string[]
}

export async function accountOf(gateway: GatewayProcess): Promise<Account> {
  const outcomes: Record<string, number> = {}
  const flaws: string[] = []
  for (const [line, value] of await metricsOf(gateway)) {
    const [, outcome] = /^smart_gateway_changes_total\{.*outcome="(\w+)"/.exec(line) ?? []
    if (outcome !== undefined) outcomes[outcome] = (outcomes[outcome] ?? 0) + value
    if (line.startsWith('smart_gateway_unaccounted_') && value !== 0) flaws.push(`${line} ${value}`)
  }
  return { outcomes, flaws }
}
