import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway } from '@smart-gateway/core'
import type { Gateway } from '@smart-gateway/core'
import { connect } from 'amqplib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from './gateway-process.ts'
import { freePort } from './peers/ports.ts'
import { startProxy } from './peers/proxy.ts'
import type { Proxy } from './peers/proxy.ts'
import { startRabbitMq } from './peers/rabbitmq.ts'
import type { RabbitMq } from './peers/rabbitmq.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'

const PER_BURST = 100
const MAX_BACKLOG = 5000

/** Each swap of a worker starts a thread. */
for (const [isolation, SWAPS] of [
  ['inline', 100],
  ['worker', 30],
] as const)
  describeWith(['rabbitmq'], `a collectd decoder (${isolation}) swapped while RabbitMQ sends`, () => {
    let broker: RabbitMq
    let proxy: Proxy
    let gateway: Gateway
    let folder: string
    let page: string

    beforeAll(async () => {
      broker = await startRabbitMq()
      proxy = await startProxy(broker.port)
      folder = await mkdtemp(join(tmpdir(), 'swap-'))
      await Promise.all([version('v1'), version('v2'), brokenVersion()])
      const port = await freePort()
      page = `http://127.0.0.1:${port}/metrics`
      const setup = await connect(broker.url)
      await (await setup.createChannel()).assertQueue('ids', { durable: false })
      await setup.close()
      gateway = createGateway(
        {
          gateway: { admin: { port: 0 }, logLevel: 'error' },
          transports: {
            bus: { plugin: 'amqp', options: { url: `amqp://guest:guest@127.0.0.1:${proxy.port}` } },
          },
          inputs: {
            collectd: { plugin: './v1', isolation, from: { transport: 'bus', queue: 'ids', prefetch: 200 } },
          },
          outputs: {
            file: { plugin: 'file', options: { path: './out.ndjson', fsync: 'never' } },
            prometheus: { plugin: 'prometheus', options: { port } },
          },
        },
        { folder },
      )
      await gateway.start()
    }, 90_000)

    afterAll(async () => {
      await gateway?.stop()
      await proxy?.stop()
      await broker?.stop()
      await rm(folder, { recursive: true, force: true })
    })

    test(`F14: ${SWAPS} swaps: every message is decoded exactly once, by one version or the other; connection and scrapes are undisturbed`, async () => {
      const connection = await connect(broker.url)
      const channel = await connection.createConfirmChannel()
      const settled = (): number => gateway.registry.inputs[0]!.intake.counts.settled
      let sent = 0
      let swapping = true
      const sending = (async () => {
        while (swapping) {
          for (let i = 0; i < PER_BURST; i++)
            channel.sendToQueue('ids', Buffer.from(message(sent++)), { contentType: 'application/json' })
          await channel.waitForConfirms()
          // The broker always has some more to send, and no more than can be waited for at the end.
          await until('the gateway to keep up', () => !swapping || sent - settled() < MAX_BACKLOG, 30_000)
        }
      })()
      const scrapes: number[] = []
      await until('the first sample', async () => (await scrape(page)) > 0)
      const scraping = (async () => {
        while (swapping) scrapes.push(await scrape(page))
      })()

      for (let i = 1; i <= SWAPS; i++) {
        const name = i % 2 === 1 ? 'v2' : 'v1'
        const swapped = await gateway.swap('collectd', join(folder, name))
        expect(swapped).toEqual({
          instance: 'collectd',
          generation: i + 1,
          version: name === 'v2' ? '2.0.0' : '1.0.0',
        })
      }
      swapping = false
      await Promise.all([sending, scraping])
      await connection.close()
      await until('every message to be settled', () => settled() === sent, 30_000)

      const lines = (await readFile(join(folder, 'out.ndjson'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
      expect(lines.map(({ value }) => value).sort((a, b) => a - b)).toEqual(
        Array.from({ length: sent }, (_, id) => id),
      )
      expect(new Set(lines.map(({ labels }) => labels['decoder']))).toEqual(new Set(['v1', 'v2']))
      expect(proxy.connections).toBe(1)
      expect(scrapes.length).toBeGreaterThan(10)
      expect(scrapes.filter((samples) => samples === 0)).toEqual([])
    }, 120_000)

    test('a version that does not open is rolled back: the old one goes on', async () => {
      const { generation } = gateway.registry.view().find(({ name }) => name === 'collectd')!
      await expect(gateway.swap('collectd', join(folder, 'broken'))).rejects.toMatchObject({
        code: 'SG_SWAP_FAILED',
        message: `collectd was not swapped, generation ${generation} goes on: collectd could not open: this version is broken`,
      })
      const connection = await connect(broker.url)
      const channel = await connection.createConfirmChannel()
      const before = gateway.registry.inputs[0]!.intake.counts.settled
      channel.sendToQueue('ids', Buffer.from(message(-1)))
      await channel.waitForConfirms()
      await connection.close()
      await until(
        'a message through the old version',
        () => gateway.registry.inputs[0]!.intake.counts.settled === before + 1,
      )
      expect(gateway.registry.view().find(({ name }) => name === 'collectd')).toMatchObject({
        state: 'ready',
        generation,
      })
    })

    /** The real decoder under a version of its own, which marks what it decodes. */
    async function version(name: 'v1' | 'v2'): Promise<void> {
      await wrap(
        name,
        name === 'v1' ? '1.0.0' : '2.0.0',
        `import collectd from './index.ts'
export default {
  ...collectd,
  open: (context) => collectd.open({ ...context, series: {
    lookup: context.series.lookup,
    intern: (key, series) => context.series.intern(key, series.map((one) => ({ ...one, labels: { ...one.labels, decoder: '${name}' } }))),
  } }),
}
`,
      )
    }

    async function brokenVersion(): Promise<void> {
      await wrap(
        'broken',
        '3.0.0',
        `import collectd from './index.ts'
export default { ...collectd, open() { throw new Error('this version is broken') } }
`,
      )
    }

    async function wrap(name: string, number: string, source: string): Promise<void> {
      const target = join(folder, name)
      const original = join(ROOT, 'plugins/inputs/collectd')
      await cp(original, target, { recursive: true, filter: (path) => !path.includes('node_modules') })
      const manifest = JSON.parse(await readFile(join(target, 'package.json'), 'utf8')) as Record<
        string,
        unknown
      >
      // The temp folder is outside of the workspace: nothing there finds the SDK by itself.
      await cp(join(ROOT, 'node_modules/@smart-gateway'), join(target, 'node_modules/@smart-gateway'), {
        recursive: true,
        filter: (path) => /(@smart-gateway|sdk)$/.test(path),
      })
      await writeFile(
        join(target, 'package.json'),
        JSON.stringify({ ...manifest, version: number, exports: './src/versioned.ts' }),
      )
      await writeFile(join(target, 'src/versioned.ts'), source)
    }
  })

interface Line {
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
}

function message(id: number): string {
  return JSON.stringify([
    {
      values: [id],
      dstypes: ['gauge'],
      dsnames: ['value'],
      time: 1795167248,
      interval: 10,
      host: 'generator',
      plugin: 'ledger',
      plugin_instance: '',
      type: 'gauge',
      type_instance: 'id',
    },
  ])
}

/** The number of samples on the page; a scrape that fails counts as none. */
async function scrape(url: string): Promise<number> {
  const response = await fetch(url)
  const text = await response.text()
  return response.status === 200
    ? text.split('\n').filter((line) => line.startsWith('collectd_ledger_gauge{')).length
    : 0
}
