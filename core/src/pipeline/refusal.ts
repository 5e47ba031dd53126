import type { PluginError } from '@smart-gateway/sdk'

/**
 * What a source is told of a record that was refused for good. The cause's own words may name what its peer or ours are: they are for the
 * gateway's log, not for a producer.
 */
export function refusalFor(message: string, cause: PluginError): PluginError {
  return Object.assign(new Error(`${message}; the gateway's log says why`, { cause }), { retryable: false })
}
