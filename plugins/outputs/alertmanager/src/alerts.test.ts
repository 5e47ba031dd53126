import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { notification } from '../test/events.ts'
import { alertsOf } from './alerts.ts'
import { raisedAlerts } from './raised.ts'

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2026-11-20T12:00:00Z') }))
afterEach(() => void vi.useRealTimers())

const summary = (alerts: ReturnType<typeof alertsOf>) =>
  alerts.map(({ labels, endsAt }) => `${endsAt === undefined ? 'fires' : 'ends'} ${labels['severity']}`)

test('a notification is an alert with its labels, annotations, time to the nanosecond and the generator URL', () => {
  const event = notification('FAILURE', { timeNs: 603_240 })
  expect(alertsOf(event, raisedAlerts(), 'http://gateway.example')).toEqual([
    {
      labels: event.labels,
      annotations: event.annotations,
      startsAt: '2019-09-18T21:11:19.281603240Z',
      generatorURL: 'http://gateway.example',
    },
  ])
})

test('an OKAY is no alert: it ends what has its labels and another severity, at its time', () => {
  const labels = { ...notification('').labels }
  const alerts = alertsOf(notification('OKAY'), raisedAlerts())
  expect(alerts).toEqual(
    ['WARNING', 'FAILURE'].map((severity) => ({
      labels: { ...labels, severity },
      annotations: { summary: 'above the threshold', DataSource: 'rx' },
      endsAt: '2019-09-18T21:11:19.281Z',
    })),
  )
})

test('what gets worse or better ends the alert that it was before', () => {
  const raised = raisedAlerts()
  const after = (severity: string) => summary(alertsOf(notification(severity), raised))
  expect(after('WARNING')).toEqual(['fires WARNING'])
  expect(after('WARNING')).toEqual(['fires WARNING'])
  expect(after('FAILURE')).toEqual(['ends WARNING', 'fires FAILURE'])
  expect(after('WARNING')).toEqual(['ends FAILURE', 'fires WARNING'])
  expect(after('OKAY')).toEqual(['ends WARNING', 'ends FAILURE'])
  expect(after('FAILURE')).toEqual(['fires FAILURE'])
})

test('another instance is another thing', () => {
  const raised = raisedAlerts()
  alertsOf(notification('WARNING'), raised)
  const labels = { ...notification('FAILURE').labels, instance: 'host-2' }
  expect(summary(alertsOf(notification('', { labels }), raised))).toEqual(['fires FAILURE'])
})

test('an event of which nobody says when it is over is left to Alertmanager', () => {
  const event = notification('', { severity: 'info', labels: { resource_id: '7' } })
  expect(summary(alertsOf(event, raisedAlerts()))).toEqual(['fires info'])
})

test.for([
  ['an event without a time', 0],
  ['a clock that is ahead', Date.parse('2026-12-24T00:00:00Z')],
  ['a time beyond all calendars', 1e18],
] as const)('%s: nothing starts or ends after now', ([, timeMs]) => {
  const [fired] = alertsOf(notification('FAILURE', { timeMs, timeNs: 5 }), raisedAlerts())
  expect(fired?.startsAt).toBe(timeMs === 0 ? undefined : '2026-11-20T12:00:00.000Z')
  const [ended] = alertsOf(notification('OKAY', { timeMs, timeNs: 5 }), raisedAlerts())
  expect(ended).toMatchObject({ endsAt: '2026-11-20T12:00:00.000Z' })
  expect(ended).not.toHaveProperty('startsAt')
})
