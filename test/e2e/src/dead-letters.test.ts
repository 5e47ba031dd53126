import { afterAll, beforeAll, expect, test } from 'vitest'
import { startElasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import type { Elasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import { smartGateway } from './command.ts'
import { startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { freePort } from './peers/ports.ts'

let elasticsearch: Elasticsearch
let gateway: GatewayProcess
let web: number

beforeAll(async () => {
  ;[elasticsearch, web] = await Promise.all([startElasticsearch(), freePort()])
  gateway = await startGateway(
    `
transports: { web: { plugin: http, options: { port: ${web} } } }
inputs: { logs: { plugin: logs, from: { transport: web, path: /logs } } }
outputs: { elasticsearch: { plugin: elasticsearch, options: { node: "${elasticsearch.url}" } } }
`,
    {},
    { token: 'a-token-of-22-letters!' },
  )
  await gateway.ready()
}, 60_000)

afterAll(async () => {
  await gateway?.remove()
  await elasticsearch?.close()
})

async function post(body: string): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`http://127.0.0.1:${web}/logs`, { method: 'POST', body, headers })).status
}

const line = (message: string) =>
  JSON.stringify({ '@timestamp': '2026-04-08T15:25:42Z', host: 'h', severity: '6', message })

/** Runs `smart-gateway deadletter …` in the gateway's folder. */
async function deadletter(...args: readonly string[]): Promise<string> {
  const command = smartGateway(['deadletter', ...args], gateway.folder)
  const { code } = await command.exited
  return `${code}\n${command.stdout()}${command.stderr()}`
}

test('a message that does not decode and a record that the store refuses are kept, each with its reason', async () => {
  expect(await deadletter('list')).toContain('no dead letters')
  expect(await post('{"cut":')).toBe(400)
  const refusing = elasticsearch.fail({
    items: (_, n) =>
      n === 1 ? { status: 400, type: 'mapper_parsing_exception', reason: 'no such luck' } : undefined,
  })
  expect(await post([line('a'), line('b'), line('c')].join('\n'))).toBe(400)
  refusing.stop()
  expect(elasticsearch.documents().map(({ source }) => source['message'])).toEqual(['a', 'c'])
  const list = await deadletter('list')
  expect(list).toMatch(/\b1\b.*message.*logs.*not JSON/)
  expect(list).toMatch(/\b2\b.*record.*elasticsearch.*no such luck/)
  expect(await deadletter('show', '1')).toContain('{"cut":')
  expect(await gateway.metric('smart_gateway_dead_letters_total{fate="kept"}')).toBe(2)
})

test('they survive SIGKILL', async () => {
  gateway.kill('SIGKILL')
  await gateway.exited
  expect(await deadletter('list')).toMatch(/no such luck/)
  gateway = await gateway.again()
  await gateway.ready()
})

test('replayed, what is good now is delivered and gone; what is bad still stays, once', async () => {
  expect(await deadletter('replay', '--all')).toMatch(/replayed 1 letter\nletter 1 stays: .*not JSON/)
  expect(elasticsearch.documents().map(({ source }) => source['message'])).toEqual(['a', 'c', 'b'])
  const list = await deadletter('list')
  expect(list).toMatch(/message.*not JSON/)
  expect(list).not.toContain('no such luck')
  expect(list.match(/not JSON/g)).toHaveLength(1)
})

test('and dropped, it is gone', async () => {
  expect(await deadletter('drop', '--all')).toMatch(/1/)
  expect(await deadletter('list')).toContain('no dead letters')
})

test('without the token nothing can be changed', async () => {
  const answer = await fetch(`${gateway.adminUrl}/api/v1/dead-letters/drop`, {
    method: 'POST',
    body: '{"all":true}',
  })
  expect(answer.status).toBe(401)
})

test('over HTTP, one letter is replayed and one is dropped without any body', async () => {
  expect(await post('{"cut":')).toBe(400)
  const headers = { authorization: 'Bearer a-token-of-22-letters!' }
  const url = `${gateway.adminUrl}/api/v1/dead-letters`
  const { letters } = (await (await fetch(url)).json()) as { letters: { id: number }[] }
  const [letter] = letters
  const replayed = await fetch(`${url}/${letter!.id}/replay`, { method: 'POST', headers })
  expect([replayed.status, await replayed.json()]).toMatchObject([200, { replayed: 0, failed: 1 }])
  const dropped = await fetch(`${url}/${letter!.id}`, { method: 'DELETE', headers })
  expect([dropped.status, await dropped.json()]).toEqual([200, { dropped: 1 }])
  const large = await fetch(`${url}/drop`, { method: 'POST', headers, body: 'x'.repeat(100_000) })
  expect(large.status).toBe(413)
})
