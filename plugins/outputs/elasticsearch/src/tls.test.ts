import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogBatch, Options } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { startElasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import type { Elasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import output from './index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'output-elasticsearch-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function started(options?: Parameters<typeof startElasticsearch>[0]): Promise<Elasticsearch> {
  const store = await startElasticsearch(options)
  cleanups.push(() => store.close())
  return store
}

const defaults = { template: false, compression: false, maxRequestBytes: 5_242_880, requestTimeoutMs: 5000 }

async function opened(options: Partial<Options<typeof output.options>>) {
  const session = await output.open(testContext({ ...defaults, ...options }, 'elasticsearch'))
  cleanups.push(() => session.stop?.())
  return session
}

const logs: LogBatch = {
  signal: 'log',
  length: 1,
  records: [{ index: 'i', timeMs: 1, severity: 'info', publisher: 'p', labels: {}, message: 'm' }],
}

const withOpenssl = test.skipIf(spawnSync('openssl', ['version']).status !== 0)

withOpenssl(
  'TLS: the CA vouches for the node, and the gateway shows its own certificate when asked',
  async () => {
    const pem = certificates()
    const tls = { cert: readFileSync(pem.cert), key: readFileSync(pem.key), ca: readFileSync(pem.cert) }
    const store = await started({ tls })
    const session = await opened({ node: store.url, tls: { ca: pem.cert, cert: pem.cert, key: pem.key } })
    expect(await session.write(logs)).toEqual({ rejected: [] })

    const named = await opened({
      node: store.url.replace('127.0.0.1', 'localhost'),
      tls: { ca: pem.cert, cert: pem.cert, key: pem.key, servername: 'elastic.example' },
    })
    expect(await named.write(logs)).toEqual({ rejected: [] })
    expect(store.documents()).toHaveLength(2)

    await expect(opened({ node: store.url })).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining('Name the file of its authority under "tls.ca"'),
    })
    const plain = await started()
    await expect(
      opened({ node: plain.url.replace('http:', 'https:'), tls: { ca: pem.cert } }),
    ).rejects.toThrow('Does it speak TLS at that port?')
    await expect(opened({ node: plain.url, tls: { ca: pem.cert } })).rejects.toThrow('which is not encrypted')
    await expect(opened({ node: store.url, tls: { ca: join(folder, 'none.pem') } })).rejects.toThrow(
      /"tls.ca" cannot be read: ENOENT/,
    )
  },
)

/** A self-signed certificate for 127.0.0.1 and elastic.example. */
function certificates(): { cert: string; key: string } {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const names = 'subjectAltName=IP:127.0.0.1,DNS:elastic.example'
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ].concat(['-subj', '/CN=elastic.example', '-addext', names, '-keyout', key, '-out', cert]),
    { stdio: 'pipe' },
  )
  return { cert, key }
}
