import { defineOutput } from '@smart-gateway/sdk'
import { createAccount } from './account.ts'
import { monotonicMs } from './clock.ts'
import { createSweep } from './expiry.ts'
import { renderPage } from './exposition.ts'
import { createScrapeHandler } from './scrape.ts'
import { snapshot } from './snapshot.ts'
import { emptyState, isState } from './state.ts'
import type { State } from './state.ts'
import { createStore } from './store.ts'
import type { StoreObserver } from './store.ts'

export default defineOutput({
  name: 'prometheus',
  signals: ['metric'],
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      host: {
        type: 'string',
        default: '127.0.0.1',
        description: 'Address on which Prometheus finds the page.',
      },
      port: {
        type: 'integer',
        minimum: 0,
        maximum: 65_535,
        default: 9103,
        description: 'Port of the page; 0 takes a free one.',
      },
      path: { type: 'string', pattern: '^/', default: '/metrics', description: 'Path of the page.' },
      timestamps: {
        type: 'boolean',
        default: false,
        description:
          'Whether samples carry the time that their source gave. Prometheus does not store samples that are too old.',
      },
      expireIntervals: {
        type: 'number',
        minimum: 1,
        default: 5,
        description: 'A series is dropped when no sample arrived for this many of its intervals.',
      },
      expireAfterMs: {
        type: 'number',
        minimum: 1,
        default: 300_000,
        description: 'The same in milliseconds, for series whose source announces no interval.',
      },
      maxSeries: {
        type: 'integer',
        minimum: 1,
        default: 200_000,
        description: 'Series that are held at most; samples of further ones are refused and counted.',
      },
    },
  },
  async open({ options, log, metrics, http, signal }) {
    const { host, port, path, timestamps, maxSeries } = options
    const expiry = { intervals: options.expireIntervals, afterMs: options.expireAfterMs }
    const account = createAccount(log, metrics, maxSeries, monotonicMs)

    const hold = (state: State) => ({
      state,
      write: createStore(state, { maxSeries, expiry }, monotonicMs),
      sweep: createSweep(state, expiry, monotonicMs),
    })
    let held = hold(emptyState())
    const rehearsal = hold(emptyState())
    /** Two generations live side by side during a swap: one that only follows has nothing to count. */
    let works = false

    const service = await http.serve(
      { host, port, path },
      createScrapeHandler((format) => {
        works = true
        account.scrapes.inc()
        return renderPage(held.state, format, { expiry, timestamps }, monotonicMs)
      }),
    )
    log.info({ url: service.url }, 'Prometheus can scrape')

    const sweeping = setInterval(() => {
      const removed = works ? held.sweep() : 0
      if (removed === 0) return
      account.expired.inc(removed)
      account.series.set(held.state.size)
    }, SWEEP_EVERY_MS).unref()
    const leave = () => clearInterval(sweeping)
    signal.addEventListener('abort', leave, { once: true })

    return {
      address: service.url,
      async write(batch) {
        works = true
        held.write(batch, account)
        account.series.set(held.state.size)
      },
      rehearse: (batch) => rehearsal.write(batch, SILENT),
      health: account.health,
      exportState: () => snapshot(held.state, monotonicMs),
      restore(state) {
        if (!isState(state)) {
          log.warn(
            'the state of the generation before has another form: the page fills again as samples arrive',
          )
          return
        }
        held = hold(state)
      },
      follow: (batch) => held.write(batch, SILENT),
      async stop() {
        leave()
        await service.close()
      },
    }
  },
})

const SWEEP_EVERY_MS = 1000

/** What the generation before has counted already. */
const SILENT: StoreObserver = { stale() {}, full() {}, oversized() {}, conflict() {} }
