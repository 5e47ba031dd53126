import { gunzipSync } from 'node:zlib'
import { startElasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import { startLoki } from '@smart-gateway/stand-ins/loki'
import { idsIn } from './line.ts'
import { startRoad } from './road.ts'
import type { Road } from './road.ts'

/** How a store can misbehave in the same way whichever it is. */
export type Mischief =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly times?: number }
  | { readonly delayMs: number; readonly times?: number }
  | { readonly hangUp: 'before' | 'mid' | 'after'; readonly times?: number }

/** A store that the gateway writes to, with the way to it and what it holds. */
export interface Store {
  readonly kind: 'elasticsearch' | 'loki'
  readonly road: Road
  /** How often each id was stored. */
  copies(): ReadonlyMap<number, number>
  misbehave(mischief: Mischief): { readonly hits: number; stop(): void }
  /** Refuses the lines whose ids this says, for good, and says which it did. */
  refuse(isRefused: (id: number) => boolean): { readonly refused: ReadonlySet<number>; stop(): void }
  close(): Promise<void>
}

export async function startStore(kind: Store['kind']): Promise<Store> {
  return kind === 'elasticsearch' ? startElasticsearchStore() : startLokiStore()
}

async function startElasticsearchStore(): Promise<Store> {
  const server = await startElasticsearch()
  const road = await startRoad(server.port)
  const copies = new Map<number, number>()
  const seen = new Map<string, number>()
  return {
    kind: 'elasticsearch',
    road,
    // Lines have no id of their own there: each copy is a document.
    copies() {
      for (const [name, { documents }] of server.indices) {
        const from = seen.get(name) ?? 0
        if (documents.size === from) continue
        let at = 0
        for (const { source } of documents.values())
          if (at++ >= from) count(copies, idsIn(String(source['message'])))
        seen.set(name, documents.size)
      }
      return copies
    },
    misbehave: (mischief) => server.fail(mischief),
    refuse(isRefused) {
      const refused = new Set<number>()
      const rule = server.fail({
        items: ({ document }) => {
          const [id] = idsIn(JSON.stringify(document))
          if (id === undefined || !isRefused(id)) return undefined
          refused.add(id)
          return { status: 400, type: 'document_parsing_exception', reason: 'refused by the fault suite' }
        },
      })
      return { refused, stop: () => rule.stop() }
    },
    async close() {
      await road.close()
      await server.close()
    },
  }
}

async function startLokiStore(): Promise<Store> {
  // The lines of one generator are one stream, and how fast that may be is not what is tested.
  const server = await startLoki({ limits: { rateBytes: 0, streamRateBytes: 0, maxGrpcBytes: 0 } })
  const road = await startRoad(server.port)
  const copies = new Map<number, number>()
  const counted = new Set<object>()
  return {
    kind: 'loki',
    road,
    // Loki drops a line that it knows, so copies are counted in the pushes that it took.
    copies() {
      for (const request of server.requests) {
        if (request.status !== 204 || counted.has(request)) continue
        counted.add(request)
        const zipped = request.headers['content-encoding'] === 'gzip'
        count(copies, idsIn((zipped ? gunzipSync(request.body) : request.body).toString()))
      }
      for (const { line } of server.entries)
        for (const id of idsIn(line)) if (!copies.has(id)) copies.set(id, 1)
      return copies
    },
    misbehave: (mischief) => server.fail(mischief),
    refuse: () => {
      throw new Error('Loki refuses streams, not lines')
    },
    async close() {
      await road.close()
      await server.close()
    },
  }
}

function count(copies: Map<number, number>, ids: readonly number[]): void {
  for (const id of ids) copies.set(id, (copies.get(id) ?? 0) + 1)
}
