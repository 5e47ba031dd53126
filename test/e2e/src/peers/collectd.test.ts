import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpWriter, startCollectd } from './collectd.ts'
import type { Collectd } from './collectd.ts'
import { describeWith } from './suite.ts'
import { until } from './until.ts'

describeWith(['collectd'], 'a collectd for tests', () => {
  const posts: { plugin?: string; values?: number[]; labels?: Record<string, string> }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    posts.push(...(JSON.parse(body) as typeof posts))
    response.end()
  })
  let collectd: Collectd

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    collectd = await startCollectd({
      // A small buffer is full with the next value, so that nothing waits for more.
      write: [httpWriter({ url, lines: ['BufferSize 1024'] })],
      threshold: '<Plugin "mine">\n<Type "gauge">\nFailureMax 10\n</Type>\n</Plugin>',
    })
  }, 90_000)

  afterAll(async () => {
    await collectd?.stop()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  test('reads cpu, memory and load, takes injected values and sends notifications', async () => {
    const answer = await collectd.command('PUTVAL "test.example/mine-a/gauge-b" interval=1 N:42')
    expect(answer).toContain('Success')
    await until('a reading of each plugin', () =>
      ['cpu', 'memory', 'load', 'mine'].every((plugin) => posts.some((post) => post.plugin === plugin)),
    )
    expect(posts.find(({ plugin }) => plugin === 'mine')?.values).toEqual([42])
    await until('the notification', () => posts.some(({ labels }) => labels?.['severity'] === 'FAILURE'))
  })
})
