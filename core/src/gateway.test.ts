import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ConfigError } from './config/problem.ts'
import { createGateway } from './gateway.ts'
import { makeBench } from './testing/bench.ts'
import { recordingLog } from './testing/log-lines.ts'
import { scratch } from './testing/scratch.ts'
import { makeShelf } from './testing/sessions.ts'

test('a gateway is made from a file or from an object of the same shape', async () => {
  const folder = scratch()
  const file = join(folder, 'startup.yaml')
  writeFileSync(file, 'gateway: { admin: { port: 0 } }\n')
  const { log } = recordingLog()
  for (const gateway of [
    createGateway(file, { log }),
    createGateway({ gateway: { admin: { port: 0 } } }, { folder, log }),
  ]) {
    onTestFinished(async () => void (await gateway.stop()))
    await gateway.start()
    expect((await fetch(`${gateway.adminUrl}/health/ready`)).status).toBe(200)
  }
})

test('a bad configuration is thrown with its mistakes, and runs nothing', () => {
  const config = { gatway: {}, outputs: { x: { plugin: './none' } } }
  const create = (): unknown => createGateway(config, { folder: scratch() })
  expect(create).toThrow(ConfigError)
  expect(create).toThrow(
    /the configuration has 2 mistakes:\n {2}config gatway: .*\n {2}config outputs\.x\.plugin: there is no folder/,
  )
})

test("the object that a gateway was made from stays its caller's, untouched and without effect later", async () => {
  const bench = await makeBench()
  const seen: unknown[] = []
  const plugin = bench.plugin('output', 'x', ({ options }) => {
    seen.push(options)
    return makeShelf().open()
  })
  const config = Object.freeze({ outputs: Object.freeze({ x: { plugin, options: { list: [1] } } }) })
  const gateway = bench.gateway(config)
  config.outputs.x.options.list.push(2)
  await gateway.start()
  expect(seen).toEqual([{ list: [1] }])
  expect(config).toEqual({ outputs: { x: { plugin, options: { list: [1, 2] } } } })
})

test('two gateways in one process do not meet', async () => {
  const bench = await makeBench()
  const plugin = bench.plugin('output', 'x', makeShelf().open)
  const [a, b] = [
    bench.gateway({ outputs: { x: { plugin } } }),
    bench.gateway({ outputs: { x: { plugin } } }),
  ] as const
  await Promise.all([a.start(), b.start()])
  await a.stop()
  expect(b.registry.view()).toMatchObject([{ name: 'x', state: 'ready' }])
  expect((await fetch(`${b.adminUrl}/metrics`)).status).toBe(200)
})
