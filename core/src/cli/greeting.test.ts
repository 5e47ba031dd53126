import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Scrubber } from '../config/secrets.ts'
import { createGateway } from '../gateway.ts'
import type { Gateway } from '../gateway.ts'
import { createLogger } from '../log.ts'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { greeting } from './greeting.ts'

const STORE = `export default { api: 1, kind: 'output', name: 'store', signals: ['log'], options: { type: 'object' },
  open: () => ({ address: 'http://127.0.0.1:3100/push', write: async () => {} }) }`

async function started(adminPort: number): Promise<Gateway> {
  const folder = scratch()
  writePlugin(join(folder, 'store'), 'output', { 'index.js': STORE })
  const config = { gateway: { admin: { port: adminPort } }, outputs: { store: { plugin: './store' } } }
  const gateway = createGateway(config, {
    folder,
    log: createLogger({ level: 'silent', name: 'test', scrubber: new Scrubber() }),
  })
  onTestFinished(async () => void (await gateway.stop()))
  await gateway.start()
  return gateway
}

test('an output is told with its address, whether or not there is a page to look at', async () => {
  const text = greeting(await started(0), 'startup.yaml')
  expect(text).toContain('  output store: http://127.0.0.1:3100/push\n')
  expect(text).toMatch(/ {2}the gateway itself: http:\S+\/health\/ready /)
  expect(text).not.toContain('NOT READY')
})

test('an admin listener that is not bound is not ready, with its reason where it is known', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void blocker.close())
  await new Promise((resolve) => blocker.once('listening', resolve))
  const gateway = await started((blocker.address() as AddressInfo).port)
  expect(greeting(gateway, 'startup.yaml')).toContain('  NOT READY admin listener: ')
  const { registry } = gateway
  const adminFailure = 'cannot listen on 127.0.0.1:1: the port is in use'
  expect(greeting({ ...gateway, registry, adminUrl: undefined, adminFailure }, 'startup.yaml')).toContain(
    `  NOT READY admin listener: ${adminFailure}\n`,
  )
})
