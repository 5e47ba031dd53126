import type { GatewayProcess } from '../../e2e/src/gateway-process.ts'

/** What the gateway asks of those who change something. */
export const TOKEN = 'the-soak-suite-may-change-it'

/** One swap, as the one who asked for it saw it. */
export interface Swap {
  readonly instance: string
  readonly startMs: number
  readonly endMs: number
}

/** An instance with the two versions between which it is swapped. */
export interface Swapped {
  readonly instance: string
  readonly versions: readonly [string, string]
}

/** What swaps some instances in turn, each to its other version. */
export interface Swapper {
  readonly swaps: readonly Swap[]
  /** Swaps that were refused, or that put another version there than was asked for. */
  readonly flaws: readonly string[]
  /** Swaps the one whose turn it is. */
  next(): Promise<void>
}

export function makeSwapper(gateway: GatewayProcess, instances: readonly Swapped[]): Swapper {
  const swaps: Swap[] = []
  const flaws: string[] = []
  let turn = 0

  async function next(): Promise<void> {
    const { instance, versions } = instances[turn % instances.length]!
    const to = 1 - (Math.floor(turn++ / instances.length) % 2)
    const startMs = performance.timeOrigin + performance.now()
    const change = await ask(gateway, instance, versions[to]!)
    const endMs = performance.timeOrigin + performance.now()
    const version = to === 1 ? '2.0.0' : '1.0.0'
    if (change.outcome === 'succeeded' && change.steps?.[0]?.version === version)
      swaps.push({ instance, startMs, endMs })
    else flaws.push(`swap ${turn} of ${instance} to ${version}: ${JSON.stringify(change)}`)
  }

  return { swaps, flaws, next }
}

interface Told {
  readonly outcome?: string
  readonly steps?: readonly { readonly version?: string }[]
}

async function ask({ adminUrl }: GatewayProcess, instance: string, path: string): Promise<Told> {
  const answer = await fetch(`${adminUrl}/api/v1/instances/${instance}/swap?wait=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ path }),
  })
  return (await answer.json()) as Told
}
