import type { GatewaySettings } from '../config/configuration.ts'
import { differences } from './differences.ts'

/** What of `gateway` in startup.yaml is taken while the gateway runs, and what of it is only taken at a start. */
type Live = 'logLevel' | 'drainMs' | 'probationMs' | 'plugins'

/** The settings of the gateway itself, as far as they can be taken while it runs. */
export class LiveSettings {
  #now: GatewaySettings

  constructor(settings: GatewaySettings) {
    this.#now = settings
  }

  get now(): GatewaySettings {
    return this.#now
  }

  /** What differs in words, one for each key; nothing is taken. */
  compare(wanted: GatewaySettings): readonly string[] {
    return differences(this.#now, wanted).map((path) => {
      const key = `gateway.${NAMES[path] ?? path.replace(/Bytes$/, '')}`
      return isLive(path) ? `${key} changed` : `${key} changed: it is taken at the next start`
    })
  }

  /** Takes what can be taken; returns whether anything was. */
  take(wanted: GatewaySettings): boolean {
    const before = this.#now
    const { logLevel, drainMs, probationMs, plugins } = wanted satisfies Pick<GatewaySettings, Live>
    const admin = { ...before.admin, token: wanted.admin.token }
    this.#now = { ...before, logLevel, drainMs, probationMs, plugins, admin }
    return differences(before, this.#now).length > 0
  }
}

/** The keys of startup.yaml, where the settings have other names. */
const NAMES: Readonly<Record<string, string>> = {
  stateFolder: 'state',
  drainMs: 'drain',
  probationMs: 'probation',
  'deadLetters.maxBytes': 'deadLetters.max',
}

function isLive(path: string): boolean {
  return /^(logLevel|drainMs|probationMs|plugins(\..*)?|admin\.token)$/.test(path)
}
