import { retryable } from '@smart-gateway/sdk'
import type { Context, Health, PluginError } from '@smart-gateway/sdk'
import type { Alert } from './alerts.ts'
import { connectPeer } from './peer.ts'
import type { Peer } from './peer.ts'
import type { Target } from './target.ts'
import type { Verdict } from './verdict.ts'

/** All Alertmanagers of a cluster. They tell each other of silences, not of alerts: each one has to be told. */
export interface Peers {
  /** Accepted means by one at least, refused by one at least and accepted by none. Never rejects. */
  post(alerts: readonly Alert[]): Promise<Verdict>
  health(): Health
  close(): void
}

export function connectPeers(target: Target, { log, signal }: Context): Peers {
  const peers = target.urls.map((url) => connectPeer(url, target, signal))
  const problems = new Map<Peer, string>()
  const leftOutUntil = new Map<Peer, number>()

  function note(peer: Peer, problem: string | undefined): void {
    const before = problems.get(peer)
    if (problem === undefined) problems.delete(peer)
    else problems.set(peer, problem)
    // Of a lone one the host tells: its failure is the write's.
    if (peers.length === 1) return
    if (problem !== undefined && before === undefined) log.warn(problem)
    if (problem === undefined && before !== undefined) log.info(`${peer.url} takes alerts again`)
  }

  return {
    async post(alerts) {
      const now = performance.now()
      const asked = peers.filter((peer) => (leftOutUntil.get(peer) ?? now) <= now)
      const body = Buffer.from(JSON.stringify(alerts))
      const verdicts = await Promise.all(
        asked.map(async (peer) => ({ peer, verdict: await peer.post(body) })),
      )
      const accepted = verdicts.some(({ verdict }) => verdict.kind === 'accepted')
      for (const { peer, verdict } of verdicts) {
        // What all of them refuse is the alert's fault.
        const isWell = verdict.kind === 'accepted' || (verdict.kind === 'refused' && !accepted)
        note(peer, isWell ? undefined : verdict.error.message)
        if (accepted && verdict.kind === 'failed' && verdict.timedOut)
          leftOutUntil.set(peer, performance.now() + LEFT_OUT_MS)
      }
      if (accepted) return { kind: 'accepted' }
      leftOutUntil.clear()
      const refused = verdicts.find(({ verdict }) => verdict.kind === 'refused')
      return refused?.verdict ?? { kind: 'failed', error: together(verdicts.map(({ verdict }) => verdict)) }
    },

    health() {
      if (problems.size === 0) return { state: 'ready' }
      const reason = [...problems.values()].join('; ')
      if (peers.length === 1) return { state: 'degraded', reason }
      return {
        state: 'degraded',
        reason: `${problems.size} of ${peers.length} Alertmanagers take no alerts: ${reason}`,
      }
    },

    close() {
      for (const peer of peers) peer.close()
    },
  }
}

/** One that does not answer must not hold up the others with each post. */
const LEFT_OUT_MS = 30_000

function together(verdicts: readonly Verdict[]): PluginError {
  const errors = verdicts.flatMap((verdict) => (verdict.kind === 'failed' ? [verdict.error] : []))
  if (errors.length === 1) return errors[0]!
  const waits = errors.flatMap(({ retryAfter }) => (retryAfter === undefined ? [] : [retryAfter]))
  const details = waits.length === 0 ? {} : { retryAfter: Math.min(...waits) }
  return retryable(
    `No Alertmanager took the alerts: ${errors.map(({ message }) => message).join('; ')}`,
    details,
  )
}
