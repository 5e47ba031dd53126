import { execFileSync } from 'node:child_process'
import { appendFileSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { startGateway } from './gateway-process.ts'
import { describeWith } from './peers/suite.ts'
import { freePort } from './peers/ports.ts'
import { until } from './peers/until.ts'

const LEDGER = resolve(import.meta.dirname, '../../soak/ledger')
/** A record of the ledger: three doubles. */
const RECORD_BYTES = 24
const VALUE_LIST =
  '[{"values":[1],"dstypes":["gauge"],"dsnames":["value"],"host":"h","plugin":"p","type":"t"}]'
/** Longer than threads tell of themselves, and than the files of a configuration are looked at. */
const WITHOUT_MS = 8000

describeWith(['prlimit'], 'a process that may open nothing more', () => {
  test('goes on with what is open, threads and all, and takes up what was edited meanwhile once it may again', async () => {
    const port = await freePort()
    const startup = `
transports: { web: { plugin: http, options: { port: ${port} } } }
inputs: { collectd: { plugin: collectd, isolation: worker, from: { transport: web, path: /collectd } } }
outputs:
  store: { plugin: ${LEDGER}, options: { path: ./stored.ledger } }
`
    const gateway = await startGateway(startup)
    onTestFinished(() => gateway.remove())
    await gateway.ready()
    const connection = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => connection.destroy())
    expect(await post(connection, port)).toBe(200)

    // Each number is too high from now on; those that are open stay.
    limit(gateway.pid, 1)
    appendFileSync(
      join(gateway.folder, 'startup.yaml'),
      `  more: { plugin: ${LEDGER}, options: { path: ./more.ledger } }\n`,
    )
    let sent = 1
    for (const endMs = Date.now() + WITHOUT_MS; Date.now() < endMs; sent++) {
      expect(await post(connection, port)).toBe(200)
      await delay(50)
    }
    expect(statSync(join(gateway.folder, 'stored.ledger')).size).toBe(sent * RECORD_BYTES)
    expect(gateway.stderr()).toContain('EMFILE')

    limit(gateway.pid, 4096)
    for (const name of ['collectd', 'store'])
      expect(await gateway.instance(name)).toMatchObject({ state: 'ready', generation: 1 })
    const instances = async (): Promise<string> =>
      (await fetch(`${gateway.adminUrl}/api/v1/instances`)).text()
    await until('the output that was added', async () => (await instances()).includes('"more"'))
  }, 60_000)
})

/** Sets how many descriptors a process may have. */
function limit(pid: number, descriptors: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${descriptors}:`])
}

/** Posts a value list by a connection that stays open; resolves with the status of the answer. */
function post(agent: Agent, port: number): Promise<number | undefined> {
  return new Promise((done, fail) => {
    const headers = { 'content-type': 'application/json' }
    const asked = request({ agent, port, host: '127.0.0.1', path: '/collectd', method: 'POST', headers })
    asked.on('error', fail)
    asked.on('response', (answer) => answer.resume().on('end', () => done(answer.statusCode)))
    asked.end(VALUE_LIST)
  })
}
