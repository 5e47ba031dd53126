/** The SDK's statsd encoder against collectd's statsd plugin. */
import { createSocket } from 'node:dgram'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Series } from '@smart-gateway/sdk'
import { statsdEncoder } from '@smart-gateway/sdk/encode/statsd'
import { metricBatch } from '@smart-gateway/sdk/testing'
import { startCollectd } from './peers/collectd.ts'
import type { Collectd } from './peers/collectd.ts'
import { freePort } from './peers/ports.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'

const series = (name: string, labels: Record<string, string> = {}): Series => ({
  name,
  labels,
  type: 'gauge',
  intervalMs: 0,
})

describeWith(['collectd'], 'what collectd reads of statsd datagrams', () => {
  let collectd: Collectd
  let port: number

  beforeAll(async () => {
    port = await freePort()
    const statsd = `LoadPlugin statsd\n<Plugin statsd>\n  Host "127.0.0.1"\n  Port "${port}"\n</Plugin>`
    collectd = await startCollectd({ write: [], read: [statsd] })
  })
  afterAll(() => collectd.stop())

  test('every sample has its own name and its value: negative, tiny, huge, in several datagrams', async () => {
    const samples: [Series, number][] = [
      [series('load', { host: 'compute-0.localdomain', type: '' }), 0.5],
      [series('temperature'), -12.25],
      [series('odd:name|with@all#of it\u00fc'), 3],
      [series('tiny'), 5e-9],
      [series('huge'), 1e21],
      ...Array.from({ length: 60 }, (_, i): [Series, number] => [series('many', { i: String(i) }), -i]),
    ]
    const batch = metricBatch(samples.map(([series, value]) => ({ series, value, timeMs: 0 })))
    const { datagrams, leftOut } = statsdEncoder({ maxBytes: 200 })(batch)
    expect([datagrams.length > 5, leftOut]).toEqual([true, []])
    // Twice: a negative value that was added to the one before would be another one now.
    await send(datagrams)
    await send(datagrams)
    const expected: Record<string, number> = {
      'load.compute-0_localdomain._': 0.5,
      temperature: -12.25,
      odd_name_with_all_of_it_: 3,
      tiny: 5e-9,
      huge: 1e21,
      'many.0': 0,
      'many.59': -59,
    }
    const values = await until('collectd to show all of it', async () => {
      const entries = Object.keys(expected).map(async (name) => [name, await valueOf(name)] as const)
      const found = Object.fromEntries(await Promise.all(entries))
      return Object.values(found).includes(undefined) ? undefined : found
    })
    for (const [name, value] of Object.entries(expected)) expect(values[name], name).toBeCloseTo(value, 12)
    expect(collectd.log()).not.toMatch(/statsd.*(?:failed|unable|invalid)/i)
  })

  async function send(datagrams: readonly Buffer[]): Promise<void> {
    const socket = createSocket('udp4')
    for (const datagram of datagrams)
      await new Promise<void>((done, failed) =>
        socket.send(datagram, port, '127.0.0.1', (error) => (error ? failed(error) : done())),
      )
    await new Promise<void>((done) => socket.close(done))
  }

  async function valueOf(name: string): Promise<number | undefined> {
    const answer = await collectd.command(`GETVAL "test.example/statsd/gauge-${name}"`)
    const value = /^value=(\S+)$/m.exec(answer)?.[1]
    return value === undefined || value === 'NaN' ? undefined : Number(value)
  }
})
