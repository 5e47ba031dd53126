import type { EventBatch, EventRecord } from '@smart-gateway/sdk'

/** An event as the collectd input makes one of a notification. */
export function notification(severity: string, more: Partial<EventRecord> = {}): EventRecord {
  return {
    index: 'collectd_interface_if',
    timeMs: 1_568_841_079_281,
    severity: 'critical',
    publisher: 'host-1',
    labels: {
      alertname: 'collectd_interface_if_octets',
      instance: 'host-1',
      interface: 'lo',
      severity,
      service: 'collectd',
    },
    annotations: { summary: 'above the threshold', DataSource: 'rx' },
    ...more,
  }
}

export function events(...records: EventRecord[]): EventBatch {
  return { signal: 'event', length: records.length, records }
}
