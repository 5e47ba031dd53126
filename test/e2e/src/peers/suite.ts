import { describe, test } from 'vitest'
import { installCommand, installed } from './installed.ts'
import type { Peer } from './installed.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** The peers for want of which a suite is skipped. */
    missingPeers?: readonly Peer[]
  }
}

/**
 * A suite that needs real peers. Without them it is skipped, which `PeerNotice` says at the end of the run; with
 * SMART_GATEWAY_REQUIRE_PEERS=1 it fails instead.
 */
export function describeWith(peers: readonly Peer[], name: string, suite: () => void): void {
  const missingPeers = peers.filter((peer) => !installed(peer))
  if (missingPeers.length === 0) {
    describe(name, suite)
  } else if (process.env['SMART_GATEWAY_REQUIRE_PEERS'] === '1') {
    describe(name, () => {
      test(`needs ${missingPeers.join(', ')}`, () => {
        throw new Error(
          `SMART_GATEWAY_REQUIRE_PEERS is set and ${missingPeers.join(', ')} missing. Run: ${installCommand(missingPeers)}`,
        )
      })
    })
  } else {
    describe.skip(name, { meta: { missingPeers } }, suite)
  }
}
