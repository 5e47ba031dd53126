import { permanent } from '@smart-gateway/sdk'
import { refusal } from './failure.ts'
import type { Names } from './lines.ts'
import type { Store } from './store.ts'

/** Installs the index templates of events and logs; doing it again changes nothing. Rejects when the store refuses one. */
export async function installTemplates(store: Store, dataStreams: Names): Promise<void> {
  for (const kind of ['events', 'logs'] as const) {
    const name = `smart-gateway-${dataStreams?.[kind] ?? kind}`
    const text = JSON.stringify(template(kind, dataStreams?.[kind]))
    const path = `/_index_template/${encodeURIComponent(name)}`
    const answer = await store.request('PUT', path, { type: 'application/json', text })
    if (answer.status === 200) continue
    const cause = refusal(answer)
    const message = `The index template ${name} cannot be installed: ${cause.message}`
    throw answer.status === 400
      ? permanent(message, { code: 'HTTP_400', cause })
      : Object.assign(cause, { message })
  }
}

const PATTERNS = { events: ['collectd_*', 'ceilometer_*'], logs: ['sglogs-*'] }

/** Above the templates that come with Elasticsearch (100) and Fleet (200). */
const PRIORITY = 500

function template(kind: 'events' | 'logs', dataStream: string | undefined) {
  return {
    index_patterns: dataStream === undefined ? PATTERNS[kind] : [dataStream],
    ...(dataStream !== undefined && { data_stream: {} }),
    priority: PRIORITY,
    template: { mappings: { properties: { ...common, ...mappings[kind] } } },
    _meta: { description: 'Installed by the smart gateway' },
  }
}

const keyword = { type: 'keyword', ignore_above: 1024 }

// One field whatever keys come and whatever their values are: a number here and a text there is no conflict that costs a
// document, and hosts cannot fill the mapping. Lucene takes no term of 32,766 bytes, so longer values are kept, not indexed.
const flattened = { type: 'flattened', ignore_above: 8191 }

const common = {
  '@timestamp': { type: 'date' },
  severity: keyword,
  publisher: keyword,
  labels: flattened,
}

const mappings = {
  events: { event_type: keyword, generated: { type: 'date' }, annotations: flattened },
  logs: { message: { type: 'text' } },
}
