import { GatewayError } from '../errors.ts'
import { Listener } from './listener.ts'
import type { Handler } from './listener.ts'

/** Where a handler is served. */
export interface Route {
  readonly host: string
  readonly port: number
  readonly path: string
  /** Also serves every path below. */
  readonly below?: boolean
}

/** Who serves: a generation of an instance. */
export interface Owner {
  readonly instance: string
  readonly generation: number
}

/** A handler's place. It answers from `activate` on, until `close` or until a later generation of its instance is activated. */
export interface Place {
  readonly url: string
  activate(): void
  /** Says "not ready yet" from now on, if it answered. */
  deactivate(): void
  close(): Promise<void>
}

interface Claim {
  readonly owner: Owner
  readonly handler: Handler
}

interface Slot {
  readonly below: boolean
  live: Claim | undefined
  readonly claims: Set<Claim>
}

interface Address {
  readonly slots: Map<string, Slot>
  readonly bound: Promise<Listener>
  /** Claims that wait for `bound`: they keep it from being closed. */
  pending: number
}

/** The HTTP listeners that the host owns: one per address, bound as long as any route on it is claimed. */
export class Routes {
  readonly #leaving: ReadonlySet<string>
  readonly #addresses = new Map<string, Address>()
  readonly #onError: (error: unknown, what: string) => void

  /** What an instance of `leaving` holds, another one may claim beside it, and takes over when it is activated. */
  constructor(onError: (error: unknown, what: string) => void, leaving: ReadonlySet<string> = new Set()) {
    this.#onError = onError
    this.#leaving = leaving
  }

  /** Binds the address if need be and claims the path for an owner. */
  async claim({ host, port, path, below = false }: Route, owner: Owner, handler: Handler): Promise<Place> {
    const key = port === 0 ? `${host} 0 ${owner.instance}` : `${host} ${port}`
    const address = this.#addresses.get(key) ?? this.#bind(key, host, port)
    address.pending++
    try {
      const { origin } = await address.bound
      const slot = address.slots.get(path) ?? { below, live: undefined, claims: new Set() }
      for (const { owner: other } of slot.claims) {
        if (this.#leaving.has(other.instance)) continue
        if (other.instance !== owner.instance || other.generation === owner.generation)
          throw new GatewayError('SG_ROUTE_TAKEN', `${origin}${path} is already served by ${other.instance}`)
      }
      const claim: Claim = { owner, handler }
      slot.claims.add(claim)
      address.slots.set(path, slot)
      return {
        url: `${origin}${path}`,
        activate: () => void (slot.live = claim),
        deactivate: () => {
          if (slot.live === claim) slot.live = undefined
        },
        close: () => this.#release(key, address, path, slot, claim),
      }
    } finally {
      address.pending--
    }
  }

  #bind(key: string, host: string, port: number): Address {
    const slots = new Map<string, Slot>()
    const bound = Listener.bind(
      host,
      port,
      (request, remote) => this.#answer(slots, request, remote),
      (error) => this.#onError(error, `the listener on ${host}:${port}`),
    )
    const address = { slots, bound, pending: 0 }
    this.#addresses.set(key, address)
    bound.catch(() => this.#addresses.delete(key))
    return address
  }

  async #answer(slots: Address['slots'], request: Request, remote: string | undefined): Promise<Response> {
    const { pathname } = new URL(request.url)
    const slot =
      slots.get(pathname) ?? [...slots].find(([path, { below }]) => below && pathname.startsWith(path))?.[1]
    if (slot === undefined)
      return text(404, `nothing is served here; known paths: ${[...slots.keys()].join(', ')}\n`)
    if (slot.live === undefined) return text(503, 'not ready yet\n', { 'retry-after': '1' })
    try {
      return await slot.live.handler(request, remote)
    } catch (error) {
      this.#onError(error, `the handler of ${pathname}`)
      return text(500, 'the handler failed; the gateway log says why\n')
    }
  }

  async #release(key: string, address: Address, path: string, slot: Slot, claim: Claim): Promise<void> {
    slot.claims.delete(claim)
    if (slot.live === claim) slot.live = undefined
    if (slot.claims.size === 0) address.slots.delete(path)
    if (address.slots.size > 0 || address.pending > 0 || this.#addresses.get(key) !== address) return
    this.#addresses.delete(key)
    await (await address.bound).close()
  }
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } })
}
