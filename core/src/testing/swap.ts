import type { Gateway } from '../gateway.ts'
import { GatewayError } from '../errors.ts'

/** What a swap put to work. */
export interface Swapped {
  readonly instance: string
  readonly generation: number
  readonly version: string
}

/** Swaps the code of an instance, from a folder or else from where its plugin is installed. Rejects with what the change tells when it is refused. */
export async function swap({ reconciler, registry }: Gateway, name: string, path?: string): Promise<Swapped> {
  const viewed = () => registry.view().find((one) => one.name === name)!
  const source =
    path === undefined
      ? { kind: 'installed' as const, plugin: viewed()?.plugin ?? '' }
      : { kind: 'folder' as const, path }
  const change = reconciler.swap(name, source)
  await change.done
  const { outcome, problems, steps } = change.view()
  if (outcome !== 'succeeded')
    throw new GatewayError('SG_SWAP_FAILED', [...problems, ...steps.map(({ note }) => note)].join('; '))
  const [, generation, version] = /^generation (\d+), version (.*)$/.exec(steps[0]?.note ?? '') ?? []
  return { instance: name, generation: Number(generation), version: String(version) }
}
