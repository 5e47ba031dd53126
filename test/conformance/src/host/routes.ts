import type { HttpRoute } from '@smart-gateway/sdk'
import { listen } from './listener.ts'
import type { Handler, Listener } from './listener.ts'
import { isInTheWay } from './owner.ts'
import type { Owner, Place } from './owner.ts'
import { lend } from '../subject/traces.ts'

interface Claim {
  readonly owner: Owner
  readonly handler: Handler
}

interface Slot {
  live: Claim | undefined
  readonly claims: Set<Claim>
}

interface Address {
  readonly slots: Map<string, Slot>
  readonly bound: Promise<Listener>
  pending: number
}

/** HTTP listeners that stay bound while generations come and go: one per address. */
export class Routes {
  readonly #addresses = new Map<string, Address>()
  #hasAnswered = false

  /** Whether a handler was ever asked. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  async claim(route: HttpRoute, owner: Owner, handler: Handler): Promise<Place & { readonly url: string }> {
    const { host, port, path } = route
    const key = `${host} ${port === 0 ? `0 ${owner.instance}` : port}`
    const address = this.#addresses.get(key) ?? this.#bind(key, host, port)
    address.pending++
    try {
      const { origin } = await address.bound
      const slot = address.slots.get(path) ?? { live: undefined, claims: new Set() }
      if ([...slot.claims].some((claim) => isInTheWay(claim.owner, owner)))
        throw Object.assign(new Error(`${origin}${path} is already served`), { code: 'SG_ROUTE_TAKEN' })
      const claim = { owner, handler }
      slot.claims.add(claim)
      address.slots.set(path, slot)
      return {
        url: `${origin}${path}`,
        activate: () => void (slot.live = claim),
        close: () => this.#release(key, address, path, slot, claim),
      }
    } finally {
      address.pending--
    }
  }

  #bind(key: string, host: string, port: number): Address {
    const slots = new Map<string, Slot>()
    const bound = lend(() => listen(host, port, (request) => this.#answer(slots, request)))
    const address = { slots, bound, pending: 0 }
    this.#addresses.set(key, address)
    bound.catch(() => this.#addresses.delete(key))
    return address
  }

  async #release(key: string, address: Address, path: string, slot: Slot, claim: Claim): Promise<void> {
    slot.claims.delete(claim)
    if (slot.live === claim) slot.live = undefined
    if (slot.claims.size === 0) address.slots.delete(path)
    if (address.slots.size > 0 || address.pending > 0 || this.#addresses.get(key) !== address) return
    this.#addresses.delete(key)
    await (await address.bound).close()
  }

  async #answer(slots: Address['slots'], request: Request): Promise<Response> {
    const slot = slots.get(new URL(request.url).pathname)
    if (slot === undefined) return new Response('nothing is served here\n', { status: 404 })
    if (slot.live === undefined)
      return new Response('not ready yet\n', { status: 503, headers: { 'retry-after': '1' } })
    this.#hasAnswered = true
    try {
      return await slot.live.handler(request)
    } catch {
      return new Response('the handler failed\n', { status: 500 })
    }
  }
}
