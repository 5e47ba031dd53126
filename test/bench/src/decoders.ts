import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway } from '@smart-gateway/core'
import type { Gateway } from '@smart-gateway/core'

/** Where a decoder runs: beside the gateway, or in a thread of its own. */
export const ISOLATIONS = ['inline', 'worker'] as const
export type Isolation = (typeof ISOLATIONS)[number]

export interface Decoders {
  readonly gateway: Gateway
  readonly stateFolder: string
}

/** A gateway with decoders by name behind the burst transport, and an output that takes no time. Started. */
export async function startDecoders(inputs: Readonly<Record<string, Isolation>>): Promise<Decoders> {
  const stateFolder = mkdtempSync(join(tmpdir(), 'bench-state-'))
  const gateway = createGateway(
    {
      gateway: { state: stateFolder, admin: { port: 0 }, logLevel: 'error', probation: '0s' },
      transports: { burst: { plugin: './burst' } },
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([name, isolation]) => [
          name,
          { plugin: './probe', isolation, from: { transport: 'burst' } },
        ]),
      ),
      outputs: { sleepy: { plugin: './sleepy', isolation: 'inline' } },
    },
    { folder: join(import.meta.dirname, '..') },
  )
  await gateway.start()
  return { gateway, stateFolder }
}
