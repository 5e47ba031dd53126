import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPrometheus } from './prometheus.ts'
import type { Prometheus } from './prometheus.ts'
import { describeWith } from './suite.ts'
import { until } from './until.ts'

describeWith(['prometheus'], 'a Prometheus for tests', () => {
  const target = createServer((_request, response) =>
    response.end('# TYPE answer gauge\nanswer{of="all"} 42\n'),
  )
  let prometheus: Prometheus

  beforeAll(async () => {
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
    prometheus = await startPrometheus({ targets: [`127.0.0.1:${(target.address() as AddressInfo).port}`] })
  }, 90_000)

  afterAll(async () => {
    await prometheus?.stop()
    target.closeAllConnections()
    await new Promise((resolve) => target.close(resolve))
  })

  test('scrapes its target and answers queries', async () => {
    const [sample] = await until('a sample', async () => {
      const found = await prometheus.query('answer')
      return found.length > 0 && found
    })
    expect(sample).toMatchObject({
      metric: { __name__: 'answer', of: 'all', job: 'gateway' },
      value: [expect.any(Number), '42'],
    })
  })

  test('says why a query is refused', async () => {
    await expect(prometheus.query('sum(')).rejects.toThrow('parse error')
  })
})
