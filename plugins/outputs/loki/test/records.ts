import type { EventBatch, EventRecord, LogBatch, LogRecord } from '@smart-gateway/sdk'

export const log: LogRecord = {
  index: 'sglogs-compute_0.2026.11.20',
  timeMs: 1_795_173_131_635,
  severity: 'info',
  publisher: 'compute-0',
  labels: {},
  message: 'hello',
}

export const event: EventRecord = {
  index: 'collectd_interface_if',
  timeMs: 1_795_173_131_635,
  severity: 'critical',
  publisher: 'compute-0',
  labels: { alertname: 'collectd_interface_if_octets', severity: 'FAILURE' },
  annotations: { summary: 'too high', value: 2n ** 60n },
}

export function logs(...records: Partial<LogRecord>[]): LogBatch {
  return { signal: 'log', length: records.length, records: records.map((record) => ({ ...log, ...record })) }
}

export function events(...records: Partial<EventRecord>[]): EventBatch {
  return {
    signal: 'event',
    length: records.length,
    records: records.map((record) => ({ ...event, ...record })),
  }
}
