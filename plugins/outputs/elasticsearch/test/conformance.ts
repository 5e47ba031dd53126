import { startElasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import type { ActiveFault, BulkItem, Fault } from '@smart-gateway/stand-ins/elasticsearch'

/** A stand-in for Elasticsearch. */
export default {
  async setup() {
    const store = await startElasticsearch()
    const faults: ActiveFault[] = []
    const fail = (fault: Fault<BulkItem>) => void faults.push(store.fail(fault))
    return {
      options: { node: store.url, requestTimeoutMs: 1000 },
      received: () => store.documents().map(({ source }) => JSON.stringify(source)),
      ordered: true,
      knowsIds: true,
      attempts: () => store.requests.filter(({ path }) => path.endsWith('/_bulk')).length,
      faults: {
        down: () => fail({ hangUp: 'before', path: /./ }),
        hang: () => fail({ delayMs: 5000, hangUp: 'before', path: /./ }),
        busy: (ms: number) => fail({ status: 429, headers: { 'retry-after': String(ms / 1000) } }),
        refuse: () => fail({ items: () => refusal }),
        refuseOnly: (token: string) =>
          fail({ items: (item) => (JSON.stringify(item).includes(token) ? refusal : undefined) }),
        heal() {
          for (const fault of faults.splice(0)) fault.stop()
        },
      },
      close: () => store.close(),
    }
  },
}

const refusal = { status: 400, type: 'document_parsing_exception', reason: 'no such thing' }
