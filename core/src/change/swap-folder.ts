import { GatewayError } from '../errors.ts'
import type { Registry } from '../registry/registry.ts'
import type { Reconciler } from './reconciler.ts'

/** What a swap put to work. */
export interface Swapped {
  readonly instance: string
  readonly generation: number
  readonly version: string
}

/**
 * Swaps the code of an instance and waits for the end of that change. Rejects with SG_UNKNOWN_INSTANCE or SG_STOPPING, or with
 * SG_SWAP_FAILED and what the change tells.
 */
export async function swapFolder(
  { reconciler, registry }: { readonly reconciler: Reconciler; readonly registry: Registry },
  name: string,
  path: string | undefined,
): Promise<Swapped> {
  const viewed = () => registry.view().find((one) => one.name === name)
  const plugin = viewed()?.plugin ?? ''
  const change = reconciler.swap(
    name,
    path === undefined ? { kind: 'installed', plugin } : { kind: 'folder', path },
  )
  await change.done
  const { outcome, problems, steps } = change.view()
  if (outcome !== 'succeeded')
    throw new GatewayError('SG_SWAP_FAILED', [...problems, ...steps.map(({ note }) => note)].join('; '))
  const [{ generation = 0, version = '' } = {}] = steps
  return { instance: name, generation, version }
}
