import type { Context, Health, SocketService } from '@smart-gateway/sdk'
import type { Courier } from './courier.ts'
import type { Counters } from './counters.ts'
import type { SocketOptions } from './options.ts'
import type { Outages } from './outages.ts'

/** What one protocol does with what arrives. */
export interface Receiver {
  /** Binds the address. */
  bind(): Promise<SocketService>
  /** Begins to hand in messages. */
  start(courier: Courier): void | Promise<void>
  /** Lets the address go and resolves when no more is handed in. */
  stop(letGo: () => Promise<void>): Promise<void>
  /** Lets go of everything. */
  end(): void
  health(): Health
}

/** What a receiver works with. */
export interface Equipment {
  readonly context: Context<SocketOptions>
  readonly counters: Counters
  readonly outages: Outages
}

/** How long health tells of what happened. */
export const RECENT_MS = 60_000

export const READY: Health = { state: 'ready' }
