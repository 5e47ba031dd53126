import { expect, test } from 'vitest'
import { testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { decodeMessage } from './message.ts'

function decode(message: unknown): TestSink {
  const sink = testSink()
  const body = typeof message === 'string' ? message : JSON.stringify(message)
  decodeMessage(Buffer.from(body), testSeriesTable(), sink)
  return sink
}

function eventOf(message: unknown) {
  const { events, rejected } = decode(message)
  expect(rejected).toEqual([])
  expect(events).toHaveLength(1)
  return events[0]
}

const added = { source_type: 'collectd', processed_by: 'sg' }

test('a threshold notification becomes an event', () => {
  const labels = {
    alertname: 'collectd_interface_if_octets',
    instance: 'localhost.localdomain',
    interface: 'lo',
    severity: 'FAILURE',
    service: 'collectd',
  }
  const annotations = {
    summary:
      'Host localhost.localdomain, plugin interface (instance lo) type if_octets: Data source "rx" is currently 43596.224329. That is above the failure threshold of 0.000000.',
    DataSource: 'rx',
    CurrentValue: '43596.2243286703',
    WarningMin: 'nan',
    WarningMax: 'nan',
    FailureMin: 'nan',
    FailureMax: '0',
  }
  expect(eventOf([{ labels, annotations, startsAt: '2019-09-18T21:11:19.281603240Z' }])).toEqual({
    index: 'collectd_interface_if',
    timeMs: 1568841079281,
    timeNs: 603_240,
    severity: 'critical',
    publisher: 'localhost.localdomain',
    labels,
    annotations: { ...annotations, ...added },
  })
})

test('a notification that all is well becomes an event', () => {
  const labels = {
    alertname: 'collectd_ovs_events_gauge',
    instance: 'nfvha-comp-03',
    ovs_events: 'br0',
    type: 'link_status',
    severity: 'OKAY',
    service: 'collectd',
  }
  const annotations = {
    summary: 'link state of "br0" interface has been changed to "UP"',
    uuid: 'c52f2aca-3cb1-48e3-bba3-100b54303d84',
  }
  expect(eventOf([{ labels, annotations, startsAt: '2018-02-22T20:12:19.547955618Z' }])).toEqual({
    index: 'collectd_ovs_events',
    timeMs: 1519330339547,
    timeNs: 955_618,
    severity: 'info',
    publisher: 'nfvha-comp-03',
    labels,
    annotations: { ...annotations, ...added },
  })
})

test('a VES event in a string becomes an object', () => {
  const labels = {
    alertname: 'collectd_procevent_gauge',
    instance: 'd60b3c68f23e',
    procevent: 'bla.py',
    type: 'process_status',
    severity: 'FAILURE',
    service: 'collectd',
  }
  const ves =
    '{"domain":"fault","eventId":3,"eventName":"process bla.py (8537) down","lastEpochMicrosec":1518791119579620,"priority":"high","reportingEntityName":"collectd procevent plugin","sequence":0,"sourceName":"bla.py","startEpochMicrosec":1518791111336973,"version":1.0,"faultFields":{"alarmCondition":"process bla.py (8537) state change","alarmInterfaceA":"bla.py","eventSeverity":"CRITICAL","eventSourceType":"process","faultFieldsVersion":1.0,"specificProblem":"process bla.py (8537) down","vfStatus":"Ready to terminate"}}'
  const message = [{ labels, annotations: { summary: '', ves }, startsAt: '2018-02-16T14:25:19.579573212Z' }]
  expect(eventOf(message)).toEqual({
    index: 'collectd_procevent',
    timeMs: 1518791119579,
    timeNs: 573_212,
    severity: 'critical',
    publisher: 'd60b3c68f23e',
    labels,
    annotations: {
      summary: '',
      ves: {
        domain: 'fault',
        eventId: 3,
        eventName: 'process bla.py (8537) down',
        lastEpochMicrosec: 1518791119579620,
        priority: 'high',
        reportingEntityName: 'collectd procevent plugin',
        sequence: 0,
        sourceName: 'bla.py',
        startEpochMicrosec: 1518791111336973,
        version: 1,
        faultFields: {
          alarmCondition: 'process bla.py (8537) state change',
          alarmInterfaceA: 'bla.py',
          eventSeverity: 'CRITICAL',
          eventSourceType: 'process',
          faultFieldsVersion: 1,
          specificProblem: 'process bla.py (8537) down',
          vfStatus: 'Ready to terminate',
        },
      },
      ...added,
    },
  })
})

test('a sensubility check result becomes an event; `$0` and doubly escaped quotes in it survive', () => {
  const body = String.raw`{"labels":{"check":"elastic-check","client":"wubba.lubba.dub.dub.redhat.com","severity":"FAILURE"},"annotations":{"command":"podman ps | grep elastic || exit 2","duration":0.043278607,"executed":1601900769,"issued":1601900769,"output":"time=\"2020-10-05T14:26:09+02:00\" level=error msg=\"cannot mkdir /run/user/0/libpod: mkdir /run/user/0/libpod: permission denied\"\n","status":2,"ves":"{\"commonEventHeader\":{\"domain\":\"heartbeat\",\"eventType\":\"checkResult\",\"eventId\":\"wubba.lubba.dub.dub.redhat.com-elastic-check\",\"priority\":\"High\",\"reportingEntityId\":\"918e8d04-c5ae-4e20-a763-8eb4f1af7c80\",\"reportingEntityName\":\"wubba.lubba.dub.dub.redhat.com\",\"sourceId\":\"918e8d04-c5ae-4e20-a763-8eb4f1af7c80\",\"sourceName\":\"wubba.lubba.dub.dub.redhat.com-collectd-sensubility\",\"startingEpochMicrosec\":1601900769,\"lastEpochMicrosec\":1601900769},\"heartbeatFields\":{\"additionalFields\":{\"check\":\"elastic-check\",\"command\":\"podman ps | grep elastic || exit 2 || $0\",\"duration\":\"0.043279\",\"executed\":\"1601900769\",\"issued\":\"1601900769\",\"output\":\"time=\\\"2020-10-05T14:26:09+02:00\\\" level=error msg=\\\"cannot mkdir /run/user/0/libpod: mkdir /run/user/0/libpod: permission denied\\\"\\n\",\"status\":\"2\"}}}"},"startsAt":"2020-10-05T14:26:09+02:00"}`
  const output =
    'time="2020-10-05T14:26:09+02:00" level=error msg="cannot mkdir /run/user/0/libpod: mkdir /run/user/0/libpod: permission denied"\n'
  const host = 'wubba.lubba.dub.dub.redhat.com'
  const entity = '918e8d04-c5ae-4e20-a763-8eb4f1af7c80'
  expect(eventOf(body)).toEqual({
    index: 'collectd_elastic_check',
    timeMs: 1601900769000,
    timeNs: 0,
    severity: 'critical',
    publisher: 'unknown',
    labels: { check: 'elastic-check', client: host, severity: 'FAILURE' },
    annotations: {
      command: 'podman ps | grep elastic || exit 2',
      duration: 0.043278607,
      executed: 1601900769,
      issued: 1601900769,
      output,
      status: 2,
      ves: {
        commonEventHeader: {
          domain: 'heartbeat',
          eventType: 'checkResult',
          eventId: `${host}-elastic-check`,
          priority: 'High',
          reportingEntityId: entity,
          reportingEntityName: host,
          sourceId: entity,
          sourceName: `${host}-collectd-sensubility`,
          startingEpochMicrosec: 1601900769,
          lastEpochMicrosec: 1601900769,
        },
        heartbeatFields: {
          additionalFields: {
            check: 'elastic-check',
            command: 'podman ps | grep elastic || exit 2 || $0',
            duration: '0.043279',
            executed: '1601900769',
            issued: '1601900769',
            output,
            status: '2',
          },
        },
      },
      ...added,
    },
  })
})

test.each([
  ['an unbalanced quote (B10)', '{"output":"say "hi\\", he said"}'],
  ['unbalanced nested quotes (B10)', String.raw`{"a":"\\\"b\\\"c\"","d":"\"e"}`.replace('}', '"}')],
  ['text', 'domain=fault'],
  ['nothing', ''],
  ['JSON that is no object', '[1,2]'],
  ['a bomb', '{"a":'.repeat(1e5) + '1' + '}'.repeat(1e5)],
  ['a bomb with a long number', '{"a":'.repeat(1e5) + '12345678901234567890' + '}'.repeat(1e5)],
])('a ves string that holds %s stays the string that it is', (_what, ves) => {
  const message = [{ labels: { alertname: 'collectd_load' }, annotations: { ves } }]
  expect(eventOf(message)?.annotations).toEqual({ ves, ...added })
})

test.each([
  ['collectd_load', 'collectd_load'],
  ['collectd_', 'collectd_'],
  ['collectd__gauge', 'collectd__gauge'],
  ['collectd_x_gauge', 'collectd_x'],
  ['collectd_connectivity_gauge', 'collectd_connectivity'],
  ['elsewhere', 'collectd_elsewhere'],
  ['something_else_odd', 'collectd_something_else'],
  ['collectd_My Plugin_gauge', 'collectd_my_plugin'],
])('the alertname %s goes to the index %s', (alertname, index) => {
  expect(eventOf([{ labels: { alertname } }])?.index).toBe(index)
})

test.each([
  ['OKAY', 'info'],
  ['WARNING', 'warning'],
  ['FAILURE', 'critical'],
  ['UNKNOWN', 'unknown'],
  ['failure', 'unknown'],
  ['constructor', 'unknown'],
  [undefined, 'unknown'],
  [4, 'unknown'],
  [null, 'unknown'],
  [{ nested: true }, 'unknown'],
])('the severity %j is %s and never an error (B2)', (severity, expected) => {
  const labels = { alertname: 'collectd_load', severity }
  expect(eventOf([{ labels }])).toMatchObject({
    severity: expected,
    labels: JSON.parse(JSON.stringify(labels)),
  })
})

test.each([[undefined], [7], [null], ['']])('the instance %j leaves the publisher unknown', (instance) => {
  expect(eventOf([{ labels: { alertname: 'collectd_load', instance } }])?.publisher).toBe('unknown')
})

test.each([[undefined], [1601900769], ['soon']])('startsAt %j leaves the time 0', (startsAt) => {
  expect(eventOf([{ labels: { alertname: 'collectd_load' }, startsAt }])?.timeMs).toBe(0)
})

test('integers beyond 2^53 keep every digit, in labels, annotations and VES', () => {
  const body =
    '[{"labels":{"alertname":"collectd_load","a":9007199254740993},"annotations":{"b":-18446744073709551615,"c":9007199254740991,"d":1.5,"ves":"{\\"e\\":9007199254740993}"}}]'
  expect(eventOf(body)).toMatchObject({
    labels: { a: 9007199254740993n },
    annotations: { b: -18446744073709551615n, c: 9007199254740991, d: 1.5, ves: { e: 9007199254740993n } },
  })
})

test('names that mean something to JavaScript mean nothing here', () => {
  const body =
    '[{"labels":{"alertname":"__proto__","__proto__":{"instance":"x"},"constructor":"y"},"annotations":{"__proto__":"z","toString":"t"}}]'
  const event = eventOf(body)
  expect(event).toMatchObject({ index: 'collectd___proto__', publisher: 'unknown' })
  expect(Object.keys(event!.labels)).toEqual(['alertname', '__proto__', 'constructor'])
  expect(Object.keys(event!.annotations)).toEqual(['__proto__', 'toString', 'source_type', 'processed_by'])
  expect(Object.getPrototypeOf(event!.annotations)).toBe(Object.prototype)
  expect(({} as { instance?: string }).instance).toBeUndefined()
})

test.each([
  [{ labels: 'alertname', annotations: {} }, 'labels is not an object'],
  [{ labels: ['alertname'], annotations: {} }, 'labels is not an object'],
  [{ labels: null, annotations: {} }, 'labels is not an object'],
  [{ annotations: {} }, 'labels is not an object'],
  [{ labels: { alertname: 'collectd_load' }, annotations: 'x' }, 'annotations is not an object'],
  [{ labels: {}, annotations: {} }, 'labels has neither alertname nor check'],
  [{ labels: { alertname: 5, check: '' } }, 'labels has neither alertname nor check'],
])('%j is rejected: %s', (element, reason) => {
  const { events, rejected } = decode([{ labels: { alertname: 'collectd_load' } }, element])
  expect(rejected).toEqual([`element 1: ${reason}`])
  expect(events).toHaveLength(1)
})

test('an event that nests deeper than a serialiser can follow is rejected', () => {
  const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown
  const message = (levels: number) => [
    { labels: { alertname: 'collectd_load' }, annotations: { x: nested(levels) } },
  ]
  expect(decode(message(99)).events).toHaveLength(1)
  expect(decode(message(5000)).rejected).toEqual(['element 0: its fields nest deeper than 100 levels'])
})
