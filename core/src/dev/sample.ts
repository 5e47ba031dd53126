import { setInterval } from 'node:timers/promises'
import { defineInput } from '@smart-gateway/sdk'
import type { EventRecord, LogRecord } from '@smart-gateway/sdk'

/** What `smart-gateway dev` lets a filter or an output have: records of every signal, made up. */
export default defineInput({
  name: 'sample',
  signals: ['metric', 'event', 'log'],
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['signals', 'everyMs'],
    properties: {
      signals: { type: 'array', items: { enum: ['metric', 'event', 'log'] }, description: 'Which of them.' },
      everyMs: { type: 'integer', minimum: 1, description: 'The time from one round to the next.' },
    },
  },
  open({ options: { signals, everyMs }, series, log }) {
    const closing = new AbortController()
    const [load, requests] = series.intern('sample', [
      { name: 'sample_load', labels: { host: 'sample' }, type: 'gauge', intervalMs: everyMs },
      {
        name: 'sample_requests_total',
        labels: { host: 'sample', code: '200' },
        type: 'counter',
        intervalMs: everyMs,
      },
    ])
    return {
      start(emit) {
        let round = 0
        const produce = async (): Promise<void> => {
          for await (const _ of setInterval(everyMs, undefined, { signal: closing.signal })) {
            round++
            const timeMs = Date.now()
            const number = round
            await emit((out) => {
              if (signals.includes('metric')) {
                out.sample(load!, Math.round(50 + 50 * Math.sin(number / 10)) / 100, timeMs)
                out.sample(requests!, number * 3, timeMs)
              }
              if (signals.includes('event')) out.event(eventOf(number, timeMs))
              if (signals.includes('log')) out.log(logOf(number, timeMs))
            }).catch((err: unknown) => log.warn({ err }, `round ${number} was not taken`))
          }
        }
        produce().catch((err: unknown) => closing.signal.aborted || log.error({ err }, 'no more samples'))
      },
      stop: () => closing.abort(),
    }
  },
})

function eventOf(round: number, timeMs: number): EventRecord {
  return {
    index: 'sample_events',
    timeMs,
    severity: round % 5 === 0 ? 'critical' : 'info',
    publisher: 'sample',
    labels: { round },
    annotations: { summary: `round ${round} of the sample traffic` },
  }
}

function logOf(round: number, timeMs: number): LogRecord {
  return {
    index: 'sample_logs',
    timeMs,
    severity: round % 5 === 0 ? 'warning' : 'debug',
    publisher: 'sample',
    labels: { unit: 'sample.service' },
    message: `line ${round} of the sample traffic`,
  }
}
