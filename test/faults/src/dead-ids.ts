import { idsIn } from './line.ts'

const PAGE = 1000

/** The ids in the dead letter store by the output that could not do with them. */
export async function deadIds(adminUrl: string): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const dead = new Map<string, Set<number>>()
  for (let after = 0; ;) {
    const { letters, more } = await read<{ letters: Letter[]; more: boolean }>(
      `${adminUrl}/api/v1/dead-letters?limit=${PAGE}${after === 0 ? '' : `&after=${after}`}`,
    )
    for (const { id, instance } of letters) {
      const { text } = await read<{ text: string }>(`${adminUrl}/api/v1/dead-letters/${id}`)
      const ids = dead.get(instance) ?? new Set()
      dead.set(instance, ids)
      for (const one of idsIn(text)) ids.add(one)
      after = id
    }
    if (!more) return dead
  }
}

interface Letter {
  readonly id: number
  readonly instance: string
}

async function read<T>(url: string): Promise<T> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}
