import { testContext } from '@smart-gateway/sdk/testing'
import output from '../src/index.ts'
import type { LokiOptions } from '../src/options.ts'

/** The defaults of the options, as the host fills them in. */
const defaults = {
  encoding: 'json',
  labels: ['signal', 'publisher', 'severity'],
  staticLabels: { job: 'smart-gateway' },
  structuredMetadata: true,
  maxStreams: 500,
  maxBytes: 1_048_576,
  timeoutMs: 10_000,
} satisfies Omit<LokiOptions, 'url'>

export async function openSession(url: string, options: Partial<LokiOptions> = {}) {
  const context = testContext<LokiOptions>({ ...defaults, url, ...options })
  return { ...(await output.open(context)), context }
}
