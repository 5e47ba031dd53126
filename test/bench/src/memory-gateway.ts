import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway } from '@smart-gateway/core'
import type { MemoryReport } from './memory.ts'

const gateway = createGateway(
  {
    gateway: { state: mkdtempSync(join(tmpdir(), 'bench-')), admin: { port: 0 }, logLevel: 'error' },
    transports: { web: { plugin: 'http', options: { port: 0 } } },
    inputs: { collectd: { plugin: 'collectd', from: { transport: 'web', path: '/collectd' } } },
    outputs: { prometheus: { plugin: 'prometheus', options: { port: 0 } } },
  },
  { folder: import.meta.dirname },
)
await gateway.start()
const address = (name: string): string => gateway.registry.view().find((instance) => instance.name === name)!.address!

process.on('message', () => {
  const rssBytes = process.memoryUsage.rss()
  globalThis.gc!()
  const report: MemoryReport = { web: address('collectd'), page: address('prometheus'), heapBytes: process.memoryUsage().heapUsed, rssBytes }
  process.send!(report)
})
process.once('disconnect', () => void gateway.stop().then(() => process.exit(0)))
