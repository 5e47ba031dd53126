import type { Signal } from '@smart-gateway/sdk'
import type { Entrance } from './entrance.ts'

/** One output that an input feeds with one signal. */
export interface Edge {
  readonly output: string
  readonly queue: Entrance
  readonly required: boolean
}

/** Where each signal of an input goes. */
export type Route = Readonly<Record<Signal, readonly Edge[]>>

/** Every queue of a route, each as often as it has signals. */
export function queuesOf(route: Route | undefined): readonly Entrance[] {
  if (route === undefined) return []
  return [...route.metric, ...route.event, ...route.log].map(({ queue }) => queue)
}

/** The first required queue that makes its sources wait. */
export function blockingQueue(route: Route | undefined): Entrance | undefined {
  if (route === undefined) return undefined
  for (const edge of route.metric) if (edge.required && edge.queue.blocks) return edge.queue
  for (const edge of route.event) if (edge.required && edge.queue.blocks) return edge.queue
  for (const edge of route.log) if (edge.required && edge.queue.blocks) return edge.queue
  return undefined
}

/** How many outputs have to accept a record before its message is acknowledged. */
export function requiredCount(edges: readonly Edge[]): number {
  let count = 0
  for (const edge of edges) if (edge.required) count++
  return count
}
