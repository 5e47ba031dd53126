import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ROOT, startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { startAlertmanager } from './peers/alertmanager.ts'
import type { Alertmanager } from './peers/alertmanager.ts'
import { makeCertificates } from './peers/certificates.ts'
import { freePort } from './peers/ports.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'

interface Notification {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
}

describeWith(['alertmanager'], 'a real Alertmanager', () => {
  let receiver: Receiver
  let alertmanagers: [Alertmanager, Alertmanager]
  let captured: readonly Notification[]

  beforeAll(async () => {
    receiver = await startReceiver()
    alertmanagers = [await startAlertmanager({ webhook: receiver.url }), await startAlertmanager()]
    const lines = await readFile(join(ROOT, 'test/fixtures/collectd/amqp1-notify.jsonl'), 'utf8')
    captured = lines
      .trim()
      .split('\n')
      .flatMap((line) => JSON.parse((JSON.parse(line) as { body: string }).body) as Notification[])
  }, 90_000)

  afterAll(async () => {
    await Promise.all([...(alertmanagers ?? []).map((one) => one.stop()), receiver?.stop()])
  })

  const cleanups: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  })

  async function started(urls: readonly string[]): Promise<GatewayProcess & Producer> {
    const port = await freePort()
    const gateway = await startGateway(`
transports:
  web: { plugin: http, options: { port: ${port} } }
inputs:
  collectd: { plugin: collectd, from: { transport: web, path: /collectd } }
outputs:
  alerts:
    plugin: alertmanager
    options: { urls: ${JSON.stringify(urls)}, generatorURL: "http://gateway.example/edge-1", timeoutMs: 1000 }
    retry: { initial: 100ms, max: 200ms }
`)
    cleanups.push(() => gateway.remove())
    await gateway.ready()
    return {
      ...gateway,
      async post(...notifications) {
        const response = await fetch(`http://127.0.0.1:${port}/collectd`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(notifications),
        })
        expect(response.ok).toBe(true)
      },
    }
  }

  const labelsIn = async (alertmanager: Alertmanager) =>
    new Set((await alertmanager.alerts()).map(({ labels }) => keyOf(labels)))

  test('what collectd raised and did not take back is active in each, with its labels and annotations', async () => {
    const gateway = await started(alertmanagers.map(({ url }) => url))
    for (const notification of captured) await gateway.post(notification)
    const open = openAfter(captured)
    expect(open.size).toBeGreaterThan(2)
    expect(open.size).toBeLessThan(new Set(captured.map(({ labels }) => keyOf(labels))).size)
    for (const alertmanager of alertmanagers) {
      expect(await labelsIn(alertmanager)).toEqual(new Set(open.keys()))
      for (const alert of await alertmanager.alerts()) {
        const { annotations } = open.get(keyOf(alert.labels))!
        expect(alert.generatorURL).toBe('http://gateway.example/edge-1')
        expect(alert.annotations).toMatchObject({
          summary: annotations['summary'],
          source_type: 'collectd',
          processed_by: 'sg',
        })
      }
    }
  })

  test('the events that ceilometer sends are alerts with their traits', async () => {
    const port = await freePort()
    const [alertmanager] = alertmanagers
    const gateway = await startGateway(`
transports: { web: { plugin: http, options: { port: ${port} } } }
inputs: { ceilometer: { plugin: ceilometer, from: { transport: web, path: /ceilometer } } }
outputs: { alerts: { plugin: alertmanager, options: { urls: ["${alertmanager.url}"] } } }
`)
    cleanups.push(() => gateway.remove())
    await gateway.ready()
    const file = join(ROOT, 'test/fixtures/ceilometer/notifier-event.jsonl')
    const bodies = (await readFile(file, 'utf8')).trim().split('\n')
    for (const line of bodies) {
      const { body } = JSON.parse(line) as { body: string }
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`http://127.0.0.1:${port}/ceilometer`, { method: 'POST', headers, body })
      expect(response.status).toBe(200)
    }
    const alerts = (await alertmanager.alerts()).filter(({ labels }) =>
      labels['alertname']?.startsWith('ceilometer_'),
    )
    expect(alerts.length).toBeGreaterThan(5)
    expect(alerts.find(({ labels }) => labels['alertname'] === 'ceilometer_image')).toMatchObject({
      labels: { service: 'image.controller-0', severity: 'info' },
      annotations: { source_type: 'ceilometer', event_type: expect.stringMatching(/^image\./) },
    })
  })

  test('an OKAY ends its alert also after a restart, and the receiver hears of it', async () => {
    const labels = { alertname: 'collectd_load', instance: 'restarted', service: 'collectd' }
    const notify = (severity: string, summary: string): Notification => ({
      labels: { ...labels, severity },
      annotations: { summary },
      startsAt: new Date().toISOString(),
    })
    const [alertmanager] = alertmanagers
    const gateway = await started([alertmanager.url])
    await gateway.post(notify('FAILURE', 'too much'))
    await until('the alert at the receiver', () => receiver.heard('restarted', 'firing', 'FAILURE'))
    expect(await labelsIn(alertmanager)).toContain(keyOf({ ...labels, severity: 'FAILURE' }))
    // What was never raised is not told to receivers as over beside what fires.
    expect(receiver.heard('restarted', 'resolved', 'WARNING')).toBe(false)

    await gateway.remove()
    const next = await started([alertmanager.url])
    await next.post(notify('OKAY', 'within range again'))
    const ended = await until('its end at the receiver', () =>
      receiver.heard('restarted', 'resolved', 'FAILURE'),
    )
    expect(ended).toMatchObject({ annotations: { summary: 'within range again' } })
    expect(JSON.stringify(await alertmanager.alerts())).not.toContain('restarted')
  })

  test('what gets worse ends the alert that it was', async () => {
    const labels = { alertname: 'collectd_load', instance: 'worse', service: 'collectd' }
    const [alertmanager] = alertmanagers
    const gateway = await started([alertmanager.url])
    const severities = async () =>
      (await alertmanager.alerts())
        .filter((alert) => alert.labels['instance'] === 'worse')
        .map((alert) => alert.labels['severity'])
    for (const severity of ['WARNING', 'FAILURE', 'WARNING']) {
      const startsAt = new Date().toISOString()
      await gateway.post({ labels: { ...labels, severity }, annotations: {}, startsAt })
      expect(await severities()).toEqual([severity])
    }
  })

  test('an alert without an end is left to resolve_timeout, however old it is', async () => {
    const alertmanager = await startAlertmanager({ resolveTimeout: '2s' })
    cleanups.push(() => alertmanager.stop())
    const gateway = await started([alertmanager.url])
    const labels = { alertname: 'collectd_old', instance: 'h', severity: 'FAILURE' }
    await gateway.post({ labels, annotations: {}, startsAt: '2018-02-22T20:12:19.547955618Z' })
    expect(await alertmanager.alerts()).toMatchObject([{ labels, startsAt: '2018-02-22T20:12:19.547Z' }])
    await until('its end', async () => (await alertmanager.alerts()).length === 0)
  })

  test('names and clocks that Alertmanager refuses are made to fit', async () => {
    const [alertmanager] = alertmanagers
    const gateway = await started([alertmanager.url])
    await gateway.post({
      labels: {
        alertname: 'collectd_fit',
        instance: '',
        'plug-in': 'x',
        'plug.in': 'y',
        severity: 'FAILURE',
      },
      annotations: { 'a b': 'c' },
      startsAt: '2099-01-01T00:00:00Z',
    })
    const alert = (await alertmanager.alerts()).find(({ labels }) => labels['alertname'] === 'collectd_fit')
    expect(alert).toMatchObject({
      labels: { alertname: 'collectd_fit', plug_in: 'x', plug_in_2: 'y', severity: 'FAILURE' },
      annotations: { a_b: 'c' },
    })
  })

  test('while one of two is away the other is told, and health says which and why', async () => {
    const [alertmanager] = alertmanagers
    const gone = await startAlertmanager()
    const gateway = await started([alertmanager.url, gone.url])
    await gone.stop()
    const labels = { alertname: 'collectd_gone', instance: 'h', severity: 'FAILURE' }
    await gateway.post({ labels, annotations: {}, startsAt: '' })
    expect(await labelsIn(alertmanager)).toContain(keyOf(labels))
    const { state, reason } = (await gateway.instance('alerts')) as { state: string; reason?: string }
    expect({ state, reason }).toEqual({
      state: 'degraded',
      reason: expect.stringMatching(
        new RegExp(`1 of 2 .*${gone.url}: .*ECONNREFUSED.*Is Alertmanager running`),
      ),
    })
  })
})

describeWith(['alertmanager', 'openssl'], 'an Alertmanager that wants TLS and a password', () => {
  // The password is "open sesame".
  const users = { gateway: '$2b$04$Uq6zh3/TTP4KSUNw3vV0nOSTalKHvrQpqTf450HfoY4Jb8alpWseK' }
  let folder: string
  let alertmanager: Alertmanager

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alertmanager-tls-'))
    const { cert, key } = await makeCertificates(folder)
    const web = { tls_server_config: { cert_file: cert, key_file: key }, basic_auth_users: users }
    alertmanager = await startAlertmanager({ web })
  }, 90_000)

  afterAll(async () => {
    await alertmanager?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function started(password: string, lines = ''): Promise<GatewayProcess> {
    const url = alertmanager.url.replace('http://127.0.0.1', 'https://localhost')
    const startup = `
outputs:
  alerts:
    plugin: alertmanager
    options: { urls: ["${url}"], username: gateway, password: "\${ALERTMANAGER_PASSWORD}", ${lines} }
`
    return startGateway(startup, { ALERTMANAGER_PASSWORD: password })
  }

  const tls = (): string => `tls: { ca: ${join(folder, 'ca.pem')} }`

  test('lets the gateway in that has both', async () => {
    const gateway = await started('open sesame', tls())
    try {
      await gateway.ready()
      expect((await gateway.instance('alerts')).state).toBe('ready')
    } finally {
      await gateway.remove()
    }
  })

  test.for([
    ['a wrong password', 'open barley', tls, 'HTTP 401: Unauthorized. Check "username" and "password"'],
    [
      'an unknown authority',
      'open sesame',
      (): string => '',
      'Name the file of its authority under "tls.ca"',
    ],
  ] as const)('%s is said, without the password', async ([, password, lines, words]) => {
    const gateway = await started(password, lines())
    try {
      const reason = await until('the reason', async () => {
        const view = await gateway.instance('alerts').catch(() => undefined)
        return view?.state === 'failed' && view.reason
      })
      expect(reason).toContain(words)
      expect(gateway.stderr() + gateway.stdout() + reason).not.toContain(password)
    } finally {
      await gateway.remove()
    }
  })
})

interface Producer {
  /** Sends notifications as collectd's write_http does; resolves when the gateway has said that they are stored. */
  post(...notifications: Notification[]): Promise<void>
}

interface Receiver {
  readonly url: string
  /** What it was told of an instance's alert. */
  heard(instance: string, status: string, severity: string): object | false
  stop(): Promise<void>
}

/** What Alertmanager notifies. */
async function startReceiver(): Promise<Receiver> {
  const alerts: { status: string; labels: Record<string, string> }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    alerts.push(...(JSON.parse(Buffer.concat(chunks).toString()) as { alerts: typeof alerts }).alerts)
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    heard: (instance, status, severity) =>
      alerts.find(
        (alert) =>
          alert.status === status &&
          alert.labels['instance'] === instance &&
          alert.labels['severity'] === severity,
      ) ?? false,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The last notification of each thing that is not well, by its labels. */
function openAfter(notifications: readonly Notification[]): Map<string, Notification> {
  const open = new Map<string, Notification>()
  for (const notification of notifications) {
    const { severity, ...rest } = notification.labels
    for (const other of ['WARNING', 'FAILURE']) open.delete(keyOf({ ...rest, severity: other }))
    if (severity !== 'OKAY') open.set(keyOf(notification.labels), notification)
  }
  return open
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([, value]) => value !== '')
      .map((pair) => pair.join('='))
      .sort(),
  )
}
