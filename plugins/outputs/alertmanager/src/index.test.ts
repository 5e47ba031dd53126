import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Options } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { events, notification } from '../test/events.ts'
import { startStandIn } from '../test/stand-in.ts'
import output from './index.ts'

type Given = Partial<Options<typeof output.options>>

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function standIn() {
  const started = await startStandIn()
  cleanups.push(() => started.stop())
  return started
}

async function opened(options: Given) {
  const context = testContext({ urls: [], timeoutMs: 2000, ...options })
  const session = await output.open(context)
  cleanups.push(() => session.stop?.())
  return { session, context }
}

const severities = (one: Awaited<ReturnType<typeof standIn>>) =>
  one.active().map(({ labels }) => labels['severity'])

const bad = (name: string) => notification('FAILURE', { labels: { alertname: name, severity: 'FAILURE' } })

test('an alert is active until its OKAY comes', async () => {
  const alertmanager = await standIn()
  const { session } = await opened({ urls: [alertmanager.url], generatorURL: 'http://gateway.example' })
  expect(session.address).toBe(alertmanager.url)
  await session.write(events(notification('WARNING')))
  expect(alertmanager.active()).toMatchObject([
    {
      labels: { alertname: 'collectd_interface_if_octets', severity: 'WARNING' },
      generatorURL: 'http://gateway.example',
    },
  ])
  await session.write(events(notification('FAILURE')))
  expect(severities(alertmanager)).toEqual(['FAILURE'])
  await session.write(events(notification('OKAY')))
  expect(severities(alertmanager)).toEqual([])
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test('another process ends what this one raised; the next generation knows what it raised', async () => {
  const alertmanager = await standIn()
  const [one, next, stranger] = [
    await opened({ urls: [alertmanager.url] }),
    await opened({ urls: [alertmanager.url] }),
    await opened({ urls: [alertmanager.url] }),
  ]
  await one.session.write(events(notification('WARNING')))
  await next.session.restore?.(structuredClone(await one.session.exportState?.()))
  await next.session.write(events(notification('FAILURE')))
  expect(severities(alertmanager)).toEqual(['FAILURE'])
  await stranger.session.write(events(notification('OKAY')))
  expect(severities(alertmanager)).toEqual([])
})

test('a write that failed and comes again ends what it would have ended', async () => {
  const alertmanager = await standIn()
  const { session } = await opened({ urls: [alertmanager.url] })
  await session.write(events(notification('WARNING')))
  alertmanager.behave((_request, response) => void response.writeHead(503, { 'retry-after': '7' }).end())
  await expect(session.write(events(notification('FAILURE')))).rejects.toMatchObject({
    retryable: true,
    retryAfter: 7000,
    code: 'HTTP_503',
  })
  expect(session.health?.()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('HTTP 503') })
  alertmanager.behave(undefined)
  await session.write(events(notification('FAILURE')))
  expect(severities(alertmanager)).toEqual(['FAILURE'])
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test('one alert that is refused is found among good ones, with the reason', async () => {
  const alertmanager = await standIn()
  const { session } = await opened({ urls: [alertmanager.url] })
  alertmanager.behave((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => {
      alertmanager.posts.push(JSON.parse(body) as [])
      if (body.includes('bad')) response.writeHead(400).end('"this one is bad"')
      else response.end()
    })
  })
  const batch = events(...['a', 'b', 'bad 1', 'c', 'd', 'e', 'bad 2'].map(bad))
  const result = await session.write(batch)
  expect(result).toMatchObject({
    rejected: [2, 6].map((index) => ({
      index,
      error: { retryable: false, code: 'HTTP_400', message: expect.stringContaining('this one is bad') },
    })),
  })
  const taken = alertmanager.posts.filter((post) => !JSON.stringify(post).includes('bad')).flat()
  expect(new Set(taken.map(({ labels }) => labels['alertname']))).toEqual(new Set(['a', 'b', 'c', 'd', 'e']))
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test('an answer that quotes the credentials is shown without them', async () => {
  const alertmanager = await standIn()
  alertmanager.behave((request, response) =>
    response.writeHead(403).end(`denied: ${request.headers.authorization ?? ''}`),
  )
  const failed = opened({ urls: [alertmanager.url], username: 'gateway', password: 'open sesame' })
  await expect(failed).rejects.toThrow(/HTTP 403: denied: Basic …\. Check/)
})

test('however much is said about the alerts of a post, it is a refusal', async () => {
  const alertmanager = await standIn()
  const { session } = await opened({ urls: [alertmanager.url] })
  alertmanager.behave((_, response) =>
    response.writeHead(400).end(JSON.stringify('invalid label set; '.repeat(50_000))),
  )
  const result = await session.write(events(bad('a'), bad('b')))
  expect(result).toMatchObject({ rejected: [0, 1].map((index) => ({ index, error: { retryable: false } })) })
})

test('an event that no JSON can hold is refused alone', async () => {
  const alertmanager = await standIn()
  const { session } = await opened({ urls: [alertmanager.url] })
  let deep: unknown = 1n
  for (let level = 0; level < 100_000; level += 1) deep = [deep]
  const result = await session.write(events(bad('a'), notification('FAILURE', { annotations: { deep } })))
  expect(result).toMatchObject({ rejected: [{ index: 1, error: { retryable: false } }] })
  expect(alertmanager.active()).toHaveLength(1)
})

test('names and values that Alertmanager refuses are made to fit', async () => {
  const alertmanager = await standIn()
  const { session } = await opened({ urls: [alertmanager.url] })
  const event = notification('', {
    timeMs: Date.now() + 86_400_000,
    labels: { 'image.name': 'cirros', size: 5, '9': '\ud800', empty: '' },
    annotations: { 'a-b': null, 'c d': { e: 1n } },
  })
  expect(await session.write(events(event))).toEqual({ rejected: [] })
  expect(alertmanager.active()).toMatchObject([
    { labels: { image_name: 'cirros', size: '5', _9: '\ufffd' }, annotations: { c_d: '{"e":1}' } },
  ])
})

const misbehaviours: readonly (readonly [name: string, listener: RequestListener, words: string])[] = [
  ['answers nothing', () => undefined, 'has not answered within 300 ms'],
  [
    'answers slowly',
    (_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(drip))
    },
    'has not answered within 300 ms',
  ],
  [
    'answers with HTML',
    (_, response) => void response.end('<html>hello'),
    'what is not its own: <html>hello',
  ],
  [
    'answers with endless HTML',
    (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('<p>'.repeat(10_000)));
      }
      response.on('drain', more)
      more()
    },
    'what is not its own: <p>',
  ],
  [
    'answers 200 with an error inside',
    (_, response) => void response.end('{"error":"no"}'),
    'an error inside: no',
  ],
  [
    'redirects',
    (_, response) => void response.writeHead(307, { location: '/login' }).end(),
    'a redirect (HTTP 307) to /login',
  ],
  ['closes without an answer', (request) => void request.socket.end(), 'Cannot post to http://'],
  ['resets the connection', (request) => void request.socket.resetAndDestroy(), 'ECONNRESET'],
  [
    'closes in the middle of its answer',
    (request, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half', () => request.socket.end())
    },
    'Cannot post to http://',
  ],
  [
    'closes in the middle of its header',
    (request) => void request.socket.end('HTTP/1.1 200 OK\r\nContent-Le'),
    'Cannot post to http://',
  ],
  [
    'speaks no HTTP',
    (request) => void request.socket.end('220 mail.example ESMTP\r\n'),
    'Does it speak HTTP',
  ],
]

test.for(misbehaviours)(
  'a store that %s is an error that may pass, and says why',
  async ([, listener, words]) => {
    const alertmanager = await standIn()
    const { session } = await opened({ urls: [alertmanager.url], timeoutMs: 300 })
    alertmanager.behave(listener)
    const write = session.write(events(notification('FAILURE')))
    await expect(write).rejects.toMatchObject({ retryable: true, message: expect.stringContaining(words) })
    expect(session.health?.()).toMatchObject({ state: 'degraded', reason: expect.stringContaining(words) })
    alertmanager.behave(undefined)
    await session.write(events(notification('FAILURE')))
    expect(session.health?.()).toEqual({ state: 'ready' })
  },
)

test('a connection that the server closed while it was idle is no error', async () => {
  const alertmanager = await standIn()
  const { session } = await opened({ urls: [alertmanager.url] })
  let connections = 0
  alertmanager.server.on('connection', () => (connections += 1))
  let reset = true
  alertmanager.behave((request, response) => {
    if (reset) request.socket.resetAndDestroy()
    else response.end()
    reset = false
  })
  await session.write(events(notification('FAILURE')))
  expect(connections).toBe(1)
})

test('every Alertmanager is told; one that takes the alerts is enough, and health names the other', async () => {
  const [one, other] = [await standIn(), await standIn()]
  const { session, context } = await opened({ urls: [one.url, `${other.url}/`] })
  await session.write(events(notification('WARNING')))
  expect([severities(one), severities(other)]).toEqual([['WARNING'], ['WARNING']])
  other.behave((_, response) => void response.writeHead(500).end('"disk full"'))
  await session.write(events(notification('FAILURE')))
  await session.write(events(notification('FAILURE')))
  expect(severities(one)).toEqual(['FAILURE'])
  expect(session.health?.()).toEqual({
    state: 'degraded',
    reason: `1 of 2 Alertmanagers take no alerts: ${other.url} answers HTTP 500: disk full`,
  })
  other.behave(undefined)
  await session.write(events(notification('FAILURE')))
  expect(session.health?.()).toEqual({ state: 'ready' })
  expect(context.lines.map(([level, message]) => [level, message])).toEqual([
    ['warn', `${other.url} answers HTTP 500: disk full`],
    ['info', `${other.url} takes alerts again`],
  ])
})

test('one that does not answer holds up the others once, not with each post', async () => {
  const [one, hangs] = [await standIn(), await standIn()]
  const { session } = await opened({ urls: [one.url, hangs.url], timeoutMs: 300 })
  let asked = 0
  hangs.behave(() => void (asked += 1))
  for (let i = 0; i < 5; i += 1) await session.write(events(notification('FAILURE')))
  expect([asked, one.posts.length]).toEqual([1, 6])
  one.behave((_, response) => void response.writeHead(500).end())
  hangs.behave(undefined)
  await expect(session.write(events(notification('FAILURE')))).rejects.toMatchObject({ retryable: true })
  await session.write(events(notification('FAILURE')))
  expect(severities(hangs)).toEqual(['FAILURE'])
})

test('when none takes the alerts, the error tells of each', async () => {
  const [one, other] = [await standIn(), await standIn()]
  const { session } = await opened({ urls: [one.url, other.url] })
  one.behave((_, response) => void response.writeHead(502).end())
  await other.stop()
  await expect(session.write(events(notification('FAILURE')))).rejects.toMatchObject({
    retryable: true,
    message: expect.stringMatching(/HTTP 502.*ECONNREFUSED.*Is Alertmanager running/),
  })
})

test('it opens only when one answers as Alertmanager does, and leaves nothing behind otherwise', async () => {
  const alertmanager = await standIn()
  await expect(opened({ urls: [`${alertmanager.url}/wrong`] })).rejects.toThrow('without /api/v2/alerts')
  const getConnections = promisify(alertmanager.server.getConnections.bind(alertmanager.server))
  await vi.waitFor(async () => expect(await getConnections()).toBe(0))
  const { session } = await opened({ urls: [alertmanager.url, 'http://127.0.0.1:1'] })
  expect(session.health?.()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('1 of 2') })
})

test.for([
  [{ username: 'gateway', password: 'geheim' }, `Basic ${btoa('gateway:geheim')}`],
  [{ token: 'geheim' }, 'Bearer geheim'],
] as const)('credentials go with each post, and into no error: %j', async ([credentials, header]) => {
  const alertmanager = await standIn()
  let seen: string | undefined
  alertmanager.behave((request, response) => {
    seen = request.headers.authorization
    response.writeHead(401).end()
  })
  const failure = await opened({ urls: [alertmanager.url], ...credentials }).catch((error: Error) => error)
  expect(seen).toBe(header)
  expect(String((failure as Error).message)).toContain('Check "username" and "password", or "token"')
  expect(String((failure as Error).message)).not.toContain('geheim')
})

test('options that contradict each other are refused, without their secrets', async () => {
  await expect(opened({ urls: ['http://user:geheim@host'] })).rejects.toThrow(/^(?!.*geheim).*"username"/)
  await expect(opened({ urls: ['http://'] })).rejects.toThrow('not a URL')
  const both = { username: 'a', password: 'b', token: 'c' }
  await expect(opened({ urls: ['http://host'], ...both })).rejects.toThrow('Leave one of them out')
  await expect(opened({ urls: ['http://host'], tls: { ca: 'x' } })).rejects.toThrow('Write https://')
  await expect(opened({ urls: ['https://host'], tls: { ca: '/none.pem' } })).rejects.toThrow(
    /"tls.ca" cannot be read: ENOENT/,
  )
})

test('https is spoken where the url says so', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alertmanager-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, '')
  let first: Buffer | undefined
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (chunk) => {
      first = Buffer.from(chunk)
      socket.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  await expect(opened({ urls: [url], tls: { ca } })).rejects.toMatchObject({ retryable: true })
  expect(first?.[0]).toBe(0x16)
})

test('stop waits for the post under way, may be called twice, and ends the output', async () => {
  const alertmanager = await standIn()
  const { session } = await opened({ urls: [alertmanager.url] })
  const arrived = Promise.withResolvers<() => void>()
  alertmanager.behave((_, response) => arrived.resolve(() => response.end()))
  const write = session.write(events(notification('FAILURE')))
  const answer = await arrived.promise
  let stopped = false
  const stops = Promise.all([session.stop?.(), session.stop?.()]).then(() => (stopped = true))
  await expect(session.write(events(notification('FAILURE')))).rejects.toMatchObject({ retryable: true })
  expect(stopped).toBe(false)
  answer()
  expect(await write).toEqual({ rejected: [] })
  await stops
})

test('an aborted session gives up its post at once', async () => {
  const alertmanager = await standIn()
  const { session, context } = await opened({ urls: [alertmanager.url], timeoutMs: 20_000 })
  const arrived = Promise.withResolvers<void>()
  alertmanager.behave(() => arrived.resolve())
  const write = session.write(events(notification('FAILURE')))
  await arrived.promise
  context.abort()
  await expect(write).rejects.toMatchObject({ retryable: true })
})
