import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { listening, openTransport, testIntake, until } from './testing/gateway.ts'
import { connectTo, produce } from './testing/producer.ts'
import { startRouter } from './testing/router.ts'

const withOpenssl = test.skipIf(spawnSync('openssl', ['version']).status !== 0)

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'transport-amqp1-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** A certificate that vouches for itself. */
function certificate(name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)]
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const files = ['-keyout', key, '-out', cert]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      ...subject,
      ...files,
    ],
    { stdio: 'ignore' },
  )
  return { cert, key }
}

const read = ({ cert, key }: { cert: string; key: string }) => ({
  cert: readFileSync(cert),
  key: readFileSync(key),
})

withOpenssl('a listener with a certificate is reached over TLS and not without', async () => {
  const own = certificate('gateway')
  const intake = testIntake()
  const opened = await listening('a', intake, {
    listen: { tls: { ...own, requestClientCertificate: false } },
  })
  cleanups.push(() => opened.session.stop?.())
  const tls = { transport: 'tls', ca: readFileSync(own.cert) }
  const { send, outcomes, connection } = await produce(opened.port, 'a', { connection: tls })
  send({ body: 'x' })
  await until(() => outcomes.length === 1, 'the outcome')
  connection.close()
  expect(opened.session.address).toBe(`amqps://127.0.0.1:${opened.port}`)

  const plain = connectTo(opened.port)
  const ends: unknown[] = []
  plain.on('disconnected', () => ends.push(1))
  await until(() => ends.length > 0, 'the end of the plain connection')
  const told = opened.context.lines.filter(([level]) => level === 'warn')
  expect(told).toEqual([
    ['warn', expect.stringContaining('it speaks no TLS, which "listen.tls" asks for'), {}],
  ])
})

withOpenssl(
  'a certificate that the authority vouches for is a login, no or another one is refused',
  async () => {
    const own = certificate('gateway')
    const known = certificate('known')
    const stranger = certificate('stranger')
    const opened = await listening('a', testIntake(), {
      listen: { users: { u: 'p' }, tls: { ...own, ca: known.cert, requestClientCertificate: true } },
    })
    cleanups.push(() => opened.session.stop?.())
    const tls = {
      transport: 'tls',
      ca: readFileSync(own.cert),
      username: undefined,
      enable_sasl_external: true,
    }
    const { connection } = await produce(opened.port, 'a', { connection: { ...tls, ...read(known) } })
    connection.close()
    for (const credentials of [{}, read(stranger)]) {
      const refused = connectTo(opened.port, { ...tls, ...credentials })
      const ends: unknown[] = []
      refused.on('disconnected', () => ends.push(1))
      await until(() => ends.length > 0, 'the refusal')
      expect(refused.is_open()).toBe(false)
    }
  },
)

withOpenssl('a client verifies its peer, and logs in with its certificate', async () => {
  const peer = certificate('router')
  const own = certificate('gateway')
  const router = await startRouter(['q'], {
    users: {},
    listen: {
      transport: 'tls',
      ...read(peer),
      ca: readFileSync(own.cert),
      requestCert: true,
      enable_sasl_external: true,
    },
  })
  cleanups.push(() => router.close())
  router.container.options['enable_sasl_external'] = true
  const url = `amqps://127.0.0.1:${router.port}`
  const opened = await openTransport({ url, tls: { ca: peer.cert, ...own } })
  cleanups.push(() => opened.session.stop?.())
  const intake = testIntake()
  await (await opened.subscribe('q', intake)).start()
  router.publish('q', 'x')
  await until(() => router.outcomes.length === 1, 'the outcome')

  await expect(openTransport({ url })).rejects.toThrow('"tls.ca"')
  await expect(openTransport({ url, tls: { ca: peer.cert, servername: 'other.example' } })).rejects.toThrow(
    '"tls.servername"',
  )
})

test('files that are no PEM are said to be so', async () => {
  const file = join(folder, 'noise.pem')
  writeFileSync(file, 'noise')
  const tls = { cert: file, key: file, requestClientCertificate: false }
  await expect(openTransport({ listen: { host: '127.0.0.1', port: 0, tls } })).rejects.toThrow(
    '"listen.tls" cannot be used',
  )
})

test('a file that cannot be read and TLS options for a plain url are said to be so', async () => {
  const missing = { cert: join(folder, 'no.pem'), key: join(folder, 'no.pem') }
  await expect(
    openTransport({
      listen: { host: '127.0.0.1', port: 0, tls: { ...missing, requestClientCertificate: false } },
    }),
    // Both are read at once: which one is told is a matter of luck.
  ).rejects.toThrow(/"listen\.tls\.(cert|key)" cannot be read/)
  await expect(openTransport({ url: 'amqp://127.0.0.1:1', tls: missing })).rejects.toThrow('Write amqps://.')
})
