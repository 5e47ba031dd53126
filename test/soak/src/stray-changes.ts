import type { GatewayProcess } from '../../e2e/src/gateway-process.ts'
import { metricsOf } from './metrics.ts'

/** Changes that nobody asked for: a probation that put old code back, say. */
export async function strayChanges(gateway: GatewayProcess): Promise<readonly string[]> {
  return (await metricsOf(gateway))
    .filter(([line]) => /^smart_gateway_changes_total\{.*trigger="(?!api)/.test(line))
    .map(([line, count]) => `changes that nobody asked for: ${line} ${count}`)
}
