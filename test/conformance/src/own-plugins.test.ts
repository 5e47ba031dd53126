import { globSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import type { RabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import { describeWith } from '../../e2e/src/peers/suite.ts'
import { conformance } from './conformance.ts'
import { line } from './report/terminal.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const TIMEOUT_MS = 120_000

/** Those whose author started a peer for the suite; amqp has a test of its own below; of decoders and filters no check needs one. */
const WITH_PEER = new Set([
  'outputs/alertmanager',
  'outputs/elasticsearch',
  'outputs/file',
  'outputs/loki',
  'outputs/prometheus',
  'transports/amqp1',
  'transports/http',
  'transports/replay',
  'transports/socket',
])

const NOTHING = { must: [], should: [], hooks: [] }

const names = globSync('plugins/*/*/package.json', { cwd: ROOT }).map((file) =>
  dirname(file).slice('plugins/'.length),
)

describe.each(names.toSorted())('the plugin %s', (name) => {
  const profiles = WITH_PEER.has(name) ? (['core', 'full'] as const) : (['core'] as const)

  test.each(profiles)(
    'conforms in the %s profile',
    async (profile) => {
      const report = await conformance(resolve(ROOT, 'plugins', name), { profile })
      const failed = report.outcomes.filter(({ result }) => result.status === 'failed')
      expect(failed.map(line).join('\n'), `seed ${report.seed}`).toBe('')
      expect(report.profile).toBe(profile)
      if (profile === profiles.at(-1) && !name.endsWith('/amqp')) expect(report.notTried).toEqual(NOTHING)
      const ranIn = new Set(
        report.outcomes.filter(({ result }) => result.status === 'passed').map(({ isolation }) => isolation),
      )
      // An output that does not open without its store does so in neither.
      const isThreaded = name.startsWith('inputs/') || (name.startsWith('outputs/') && profile === 'full')
      if (isThreaded) expect([...ranIn]).toEqual(['inline', 'worker'])
    },
    TIMEOUT_MS,
  )
})

describeWith(['rabbitmq'], 'the plugin transports/amqp, with a broker', () => {
  let broker: RabbitMq

  beforeAll(async () => {
    broker = await startRabbitMq()
    process.env['CONFORMANCE_AMQP_URL'] = broker.url
  }, 90_000)
  afterAll(async () => {
    delete process.env['CONFORMANCE_AMQP_URL']
    await broker.stop()
  })

  test(
    'conforms in the full profile',
    async () => {
      const report = await conformance(resolve(ROOT, 'plugins/transports/amqp'))
      const failed = report.outcomes.filter(({ result }) => result.status === 'failed')
      expect(failed.map(line).join('\n'), `seed ${report.seed}`).toBe('')
      expect(report.profile).toBe('full')
      expect(report.notTried).toEqual(NOTHING)
    },
    TIMEOUT_MS,
  )
})
