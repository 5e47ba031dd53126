import { dirname, join } from 'node:path'
import { adminSocketOf } from '../admin/admin-socket.ts'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Gateway } from '../gateway.ts'
import { Listener } from '../host/listener.ts'
import { makeBench } from '../testing/bench.ts'
import { startCommand } from '../testing/command.ts'
import { scratch } from '../testing/scratch.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'
import { status } from './status.ts'

interface Printed {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

/** Runs `smart-gateway status` in this process. */
async function statusOf(file: string): Promise<Printed> {
  const written = { stdout: '', stderr: '' }
  const keep = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text)
      return true
    })
  const spies = [keep('stdout'), keep('stderr')]
  try {
    await status(file)
    return { ...written, status: Number(process.exitCode ?? 0) }
  } finally {
    process.exitCode = undefined
    for (const spy of spies) spy.mockRestore()
  }
}

function startup(url: string, more = ''): string {
  const file = join(scratch(), 'startup.yaml')
  writeFileSync(file, `gateway: { admin: { port: ${new URL(url).port}${more} } }\n`)
  return file
}

/** A gateway with one input, one store that takes no 13, and one that is optional and does not open. */
async function running(): Promise<{ readonly gateway: Gateway; readonly hand: ReturnType<typeof makeHand> }> {
  const bench = await makeBench()
  const hand = makeHand()
  const shelf = makeShelf(async (batch) => {
    if (batch.signal === 'metric' && Array.from(batch.values).includes(13))
      throw Object.assign(new Error('no 13'), { retryable: false })
  })
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: bench.plugin('input', 'numbers', decoder()), from: { transport: 'hand' } } },
    outputs: {
      shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) },
      away: {
        plugin: bench.plugin('output', 'away', () => {
          throw new Error('no store\u001b[2J')
        }),
        required: false,
      },
    },
  })
  await gateway.start()
  return { gateway, hand }
}

/** An answer of a gateway that is not well. */
async function answering(answers: Readonly<Record<string, Response>>): Promise<string> {
  const handler = (request: Request): Response =>
    answers[new URL(request.url).pathname] ?? Response.json({ error: 'not found' }, { status: 404 })
  const listener = await Listener.bind('127.0.0.1', 0, handler, vi.fn())
  onTestFinished(() => listener.close())
  return listener.origin
}

const MESSAGES = { input: 'in', received: 5, settled: 3, inFlight: 1, residual: 0 }
const RECORDS = { input: 'in', output: 'out', routed: 5, delivered: 5, inFlight: 0, residual: 0 }

function answers(more: Readonly<Record<string, Response>>): Readonly<Record<string, Response>> {
  return {
    '/health/ready': Response.json({ ready: true, notReady: [] }),
    '/api/v1/instances': Response.json({ instances: [] }),
    '/api/v1/ledger': Response.json({ messages: [MESSAGES], records: [RECORDS] }),
    ...more,
  }
}

test('what runs and both ledgers are printed as tables; all is well', async () => {
  const { gateway, hand } = await running()
  await hand.deliver('numbers', 1, 2, 3)
  await expect(hand.deliver('numbers', 4, 13)).rejects.toThrow()
  const printed = await statusOf(startup(gateway.adminUrl!))
  expect(printed).toMatchObject({ stderr: '', status: 0 })
  const lines = printed.stdout.split('\n')
  const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`
  expect(lines[0]).toMatch(/^instance +kind +state +since +reason$/)
  expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^shelf +output +ready +${time}$`)))
  expect(lines).toContainEqual(
    expect.stringMatching(
      new RegExp(String.raw`^away +output +failed +${time}  away could not open: no store\\u001b\[2J$`),
    ),
  )
  const messages = lines.findIndex((line) => line.startsWith('input    received'))
  expect(lines[messages]).toMatch(
    /^input {4}received {2}settled {2}returned {2}refused {2}dropped {2}in flight {2}residual {2}empty {2}filtered records {2}unrouted records$/,
  )
  expect(lines[messages + 1]).toMatch(/^numbers +2 +1 +0 +1 +0 +0 +0 +0 +0 +0$/)
  const record = (output: string, name: string): string => {
    const heading = lines.find((line) => line.startsWith('input    output'))!
    const line = lines.find((one) => one.startsWith(`numbers  ${output}`))!
    const at = heading.indexOf(` ${name}`) + 1
    return line
      .slice(0, at + name.length)
      .split(' ')
      .at(-1)!
  }
  for (const [name, count] of Object.entries({ routed: '5', delivered: '4', rejected: '1', residual: '0' }))
    expect(record('shelf', name), name).toBe(count)
  expect(record('away', 'in flight')).toBe('5')
  expect(printed.stdout).toContain('smart-gateway deadletter list')
  expect(printed.stdout.endsWith('\nready, and everything is accounted for\n')).toBe(true)
})

test('a required instance that is not ready is named, and the status is 1', async () => {
  const bench = await makeBench()
  const broken = bench.plugin('output', 'broken', () => {
    throw new Error('no store')
  })
  const gateway = bench.gateway({ outputs: { broken: { plugin: broken } } })
  await gateway.start()
  const printed = await statusOf(startup(gateway.adminUrl!))
  expect(printed.stdout).toContain('nothing came in yet')
  expect(printed).toMatchObject({
    stderr: 'smart-gateway: not ready: broken is failed: broken could not open: no store\n',
    status: 1,
  })
  const stopping = answers({
    '/health/ready': Response.json({ ready: false, draining: true, notReady: [] }, { status: 503 }),
  })
  expect(await statusOf(startup(await answering(stopping)))).toMatchObject({
    stderr: 'smart-gateway: not ready: the gateway is stopping\n',
    status: 1,
  })
})

test('what is unaccounted for is named with its number, and the status is 1', async () => {
  const messages = [MESSAGES, { ...MESSAGES, input: 'odd', residual: -2 }]
  const records = [{ ...RECORDS, residual: 3 }]
  const faulty = answers({ '/api/v1/ledger': Response.json({ messages, records }) })
  const { stdout, stderr, status: exit } = await statusOf(startup(await answering(faulty)))
  expect(stdout).toMatch(/^odd +5 +3 +1 +-2$/m)
  expect(stderr.split('\n')).toEqual([
    'smart-gateway: -2 messages of odd are unaccounted for: a fault of the gateway; please report it',
    'smart-gateway: 3 records of in at out are unaccounted for: a fault of the gateway; please report it',
    '',
  ])
  expect(exit).toBe(1)
})

test('the token of the configuration is sent', async () => {
  const tokens: unknown[] = []
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization)
    response.end('{}')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await until('it listens', () => server.listening)
  const { port } = server.address() as AddressInfo
  await statusOf(startup(`http://127.0.0.1:${port}`, ', token: a token of some length'))
  expect(new Set(tokens)).toEqual(new Set(['Bearer a token of some length']))
})

test('where no gateway answers, or another program does, that is said in a sentence', async () => {
  const { gateway } = await running()
  const file = startup(gateway.adminUrl!)
  const url = gateway.adminUrl!
  await gateway.stop()
  expect(await statusOf(file)).toEqual({
    stdout: '',
    stderr: `smart-gateway: no gateway answers at ${adminSocketOf(join(dirname(file), 'state'))} or ${url}\n`,
    status: 1,
  })
  const older = answers({ '/api/v1/ledger': new Response('no', { status: 404 }) })
  expect((await statusOf(startup(await answering(older)))).stderr).toContain(
    'does not know /api/v1/ledger (status 404): is it this gateway, and recent enough?',
  )
  expect((await statusOf(startup('http://127.0.0.1:0'))).stderr).toContain('gateway.admin.port is 0')
})

test('it is a command', async () => {
  const folder = scratch()
  writeFileSync(join(folder, 'startup.yaml'), 'gateway: { admin: { port: 0 } }\n')
  const command = startCommand(['status'], folder)
  expect(await command.ended).toBe(1)
  expect(command.stderr).toContain('gateway.admin.port is 0')
  writeFileSync(join(folder, 'startup.yaml'), 'gateway: { admin: { prot: 1 } }\n')
  const bad = startCommand(['status'], folder)
  expect(await bad.ended).toBe(78)
  expect(bad.stderr).toContain('did you mean "port"?')
})

test('a gateway whose startup.yaml was broken since is found over its socket, and what is refused is said', async () => {
  const bench = await makeBench()
  bench.write({ outputs: { shelf: { plugin: bench.plugin('output', 'shelf', makeShelf().open) } } })
  const gateway = bench.gatewayOfFile()
  await gateway.start()
  bench.write('gateway: { logLevel: loud, admin: { token: "${NOT_SET}" } }\n')
  await gateway.reconciler.reload('api').done
  const { stdout, status: code } = await statusOf(join(bench.folder, 'startup.yaml'))
  expect([stdout.includes('shelf'), code]).toEqual([true, 0])
  expect(stdout).toMatch(
    /not all of the configuration runs: change \d+ was not taken as it stood: .*logLevel/,
  )
})
