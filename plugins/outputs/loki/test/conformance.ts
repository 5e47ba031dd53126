import { startLoki } from '@smart-gateway/stand-ins/loki'
import type { ActiveFault, Fault, LokiItem } from '@smart-gateway/stand-ins/loki'

/** A stand-in for Loki. */
export default {
  async setup() {
    const loki = await startLoki()
    const faults: ActiveFault[] = []
    const fail = (fault: Fault<LokiItem>) => void faults.push(loki.fail(fault))
    return {
      options: { url: loki.url, timeoutMs: 1000 },
      received: () =>
        loki.entries.map(({ line, labels, metadata }) => JSON.stringify([line, labels, metadata])),
      ordered: true,
      knowsIds: false,
      attempts: () => loki.requests.filter(({ path }) => path.endsWith('/push')).length,
      faults: {
        down: () => fail({ hangUp: 'before', path: /./ }),
        hang: () => fail({ delayMs: 5000, hangUp: 'before', path: /./ }),
        busy: (ms: number) =>
          fail({ status: 429, body: 'slow down', headers: { 'retry-after': String(ms / 1000) } }),
        refuse: () => fail({ status: 400, body: 'no such thing' }),
        refuseOnly: (token: string) =>
          fail({
            items: (item) =>
              item.entries.some(({ line }) => line.includes(token))
                ? { status: 400, reason: 'no such thing' }
                : undefined,
          }),
        heal() {
          for (const fault of faults.splice(0)) fault.stop()
        },
      },
      close: () => loki.close(),
    }
  },
}
