import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Command } from 'commander'
import { Hono } from 'hono'
import { expect, onTestFinished, test, vi } from 'vitest'
import { guardOf } from '../admin/guard.ts'
import { deadLetterRoutes } from '../admin/dead-letter-routes.ts'
import type { DeadLetters } from '../dead-letters/dead-letters.ts'
import { deadLetterFile } from '../dead-letters/dead-letters.ts'
import { Replay } from '../dead-letters/replay.ts'
import { Listener } from '../host/listener.ts'
import { deadMessage, openStore } from '../testing/dead-letter-store.ts'
import { scratch } from '../testing/scratch.ts'
import { addDeadletterCommands } from './deadletter.ts'

const TOKEN = 'a token of some length'

interface Run {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

/** Runs `smart-gateway deadletter` in this process. */
async function deadletter(...parameters: readonly string[]): Promise<Run> {
  const written = { stdout: '', stderr: '' }
  const keep = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation((text, encoding, done) => {
      written[stream] += typeof text === 'string' ? text : Buffer.from(text).toString('latin1')
      const callback = typeof encoding === 'function' ? encoding : done
      callback?.()
      return true
    })
  const spies = [keep('stdout'), keep('stderr')]
  const exit = vi.spyOn(process, 'exit').mockImplementation((status) => {
    throw new Exit(Number(status))
  })
  try {
    const program = new Command('smart-gateway')
    addDeadletterCommands(program, ['[startup.yaml]', 'the configuration', 'startup.yaml'])
    await program.parseAsync(['deadletter', ...parameters], { from: 'user' })
    return { ...written, status: Number(process.exitCode ?? 0) }
  } catch (error) {
    if (!(error instanceof Exit)) throw error
    return { ...written, status: error.status }
  } finally {
    process.exitCode = undefined
    for (const spy of [...spies, exit]) spy.mockRestore()
  }
}

class Exit extends Error {
  readonly status: number

  constructor(status: number) {
    super()
    this.status = status
  }
}

/** A startup.yaml whose stores' passwords are not at hand. */
function startup(folder: string, port: number, token = ''): string {
  const file = join(folder, 'my.yaml')
  writeFileSync(
    file,
    `gateway: { admin: { port: ${port}${token} } }\noutputs: { es: { plugin: nowhere, options: { password: '\${NOT_SET}' } } }\n`,
  )
  return file
}

/** A port of this machine where nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Serves a store as a running gateway does, and writes the startup.yaml that leads there. */
async function serve(folder: string, letters: DeadLetters, token: string | undefined): Promise<string> {
  const replay = new Replay(letters, async ({ body }) => {
    if (body.includes('bad')) throw new Error('still bad')
  })
  const app = new Hono().route(
    '/api/v1/dead-letters',
    deadLetterRoutes({
      letters: async () => letters,
      replay: async () => replay,
      guard: guardOf(() => token),
    }),
  )
  const listener = await Listener.bind('127.0.0.1', 0, (request) => app.fetch(request), vi.fn())
  onTestFinished(() => listener.close())
  return startup(folder, Number(new URL(listener.origin).port), token && `, token: ${token}`)
}

/** A folder with a store that holds these messages, and no gateway. */
async function atRest(...bodies: readonly (string | Buffer)[]): Promise<string> {
  const folder = scratch()
  const letters = await openStore(join(folder, 'state'))
  await letters.add(bodies.map((body) => deadMessage(body)))
  await letters.close()
  return startup(folder, await freePort())
}

test('list and show read the file where no gateway runs, and need nothing of the configuration but its place', async () => {
  const file = await atRest('one', '{"two": 2}', Buffer.from([0xff, 0x00, 0x41]))
  const { stdout, stderr, status } = await deadletter('list', file)
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  const [heading, ...rows] = stdout.trimEnd().split('\n')
  expect(heading).toMatch(/^id {2}time +kind +instance +generation +bytes +reason$/)
  expect(rows).toHaveLength(3)
  expect(rows[0]).toMatch(/^3 {3}\d{4}-\d\d-\d\dT[\d:.]+Z {2}message {2}collectd {2}1 +3 +not JSON$/)

  expect((await deadletter('list', file, '--limit', '2')).stdout).toContain(
    'and older ones: --limit 4 shows more',
  )
  const json = JSON.parse((await deadletter('list', file, '--json')).stdout) as { id: number }[]
  expect(json.map(({ id }) => id)).toEqual([3, 2, 1])
  expect((await deadletter('list', file, '--instance', 'other')).stdout).toBe('no dead letters\n')

  const shown = (await deadletter('show', '2', file)).stdout
  expect(shown).toMatch(/^id +2\nkind +message\n/)
  expect(shown).toContain('\n\n{"two": 2}\n')
  expect((await deadletter('show', '3', file)).stdout).toContain('00000000  ff 00 41')
  expect((await deadletter('show', '3', file, '--body')).stdout).toBe('\xff\0A')
  expect(await deadletter('show', '9', file)).toEqual({
    stdout: '',
    stderr: 'smart-gateway: there is no dead letter 9\n',
    status: 1,
  })
})

test('drop works on the file where no gateway runs; replay says that it needs one', async () => {
  const file = await atRest('one', 'two', 'three')
  expect(await deadletter('drop', '1', file)).toMatchObject({ stdout: 'dropped 1 letter\n', status: 0 })
  expect(await deadletter('drop', '1', '2', file)).toEqual({
    stdout: 'dropped 1 letter\n',
    stderr: 'smart-gateway: 1 of the letters named are not there\n',
    status: 1,
  })
  expect(await deadletter('replay', '--all', file)).toEqual({
    stdout: '',
    stderr: 'smart-gateway: replaying needs a running gateway\n',
    status: 1,
  })
  expect((await deadletter('drop', '--all', file)).stdout).toBe('dropped 1 letter\n')
  expect((await deadletter('list', file)).stdout).toBe('no dead letters\n')
})

test('while the gateway runs, its admin API is asked, with the token of the configuration', async () => {
  const folder = scratch()
  const letters = await openStore(join(folder, 'state'))
  const file = await serve(folder, letters, TOKEN)
  await letters.add(['one', 'bad', 'three', 'four'].map((body) => deadMessage(body)))
  expect((await deadletter('list', file)).stdout).toMatch(/^4 /m)
  expect((await deadletter('show', '1', file)).stdout).toContain('\n\none\n')
  expect(await deadletter('replay', '1', '2', file)).toEqual({
    stdout: 'replayed 1 letter\nletter 2 stays: still bad\n',
    stderr: '',
    status: 1,
  })
  expect(await deadletter('replay', '3', file)).toMatchObject({ stdout: 'replayed 1 letter\n', status: 0 })
  expect((await deadletter('drop', '--all', '--instance', 'collectd', file)).stdout).toBe(
    'dropped 2 letters\n',
  )
  expect(letters.counts).toMatchObject({ letters: 0, replayed: 2, dropped: 2 })
})

test('long lists come page by page', async () => {
  const folder = scratch()
  const letters = await openStore(join(folder, 'state'))
  const file = await serve(folder, letters, TOKEN)
  await letters.add(Array.from({ length: 2500 }, () => deadMessage('x')))
  const { stdout } = await deadletter('list', file, '--limit', '2200', '--json')
  const ids = (JSON.parse(stdout) as { id: number }[]).map(({ id }) => id)
  expect(ids).toEqual(Array.from({ length: 2200 }, (_, i) => 2500 - i))
})

test('a gateway without a token lets letters be read, and says how they can be changed', async () => {
  const folder = scratch()
  const letters = await openStore(join(folder, 'state'))
  const file = await serve(folder, letters, undefined)
  await letters.add([deadMessage('one')])
  expect((await deadletter('list', file)).status).toBe(0)
  const { stderr, status } = await deadletter('drop', '1', file)
  expect(stderr).toContain('set gateway.admin.token in startup.yaml')
  expect(status).toBe(1)
  expect(letters.counts.letters).toBe(1)
})

test('what cannot work is said in a sentence', async () => {
  const folder = scratch()
  const file = startup(folder, await freePort())
  expect(await deadletter('list', file)).toMatchObject({ stdout: 'no dead letters\n', status: 0 })
  expect((await deadletter('drop', '1', file)).stderr).toBe(
    `smart-gateway: no gateway answers, and there are no dead letters in ${deadLetterFile(join(folder, 'state'))}\n`,
  )
  expect((await deadletter('list', join(folder, 'none.yaml'))).stderr).toContain('cannot be read (ENOENT)')

  const letters = await openStore(join(folder, 'state'))
  const busy = await deadletter('list', file)
  expect(busy.stderr).toContain(
    'is in use by another process; does a gateway run with the same state folder?',
  )
  expect(busy.status).toBe(1)
  await letters.close()
  writeFileSync(deadLetterFile(join(folder, 'state')), 'x'.repeat(5000))
  expect((await deadletter('list', file)).stderr).toContain('is damaged')

  const other = await Listener.bind('127.0.0.1', 0, () => new Response('hello', { status: 404 }), vi.fn())
  onTestFinished(() => other.close())
  const elsewhere = startup(folder, Number(new URL(other.origin).port))
  expect((await deadletter('list', elsewhere)).stderr).toBe(
    `smart-gateway: what answers at ${other.origin} knows no dead letters (status 404): is it this gateway, and recent enough?\n`,
  )
})

test('a bad configuration exits with 78 and names the place', async () => {
  const folder = scratch()
  const file = join(folder, 'my.yaml')
  writeFileSync(file, 'gateway:\n  admin: { port: here }\n')
  const { stderr, status } = await deadletter('list', file)
  expect(stderr).toContain('my.yaml:2:18 gateway.admin.port')
  expect(status).toBe(78)
  writeFileSync(file, 'gateway: { admin: { token: "${NO_TOKEN_SET}" } }\n')
  expect((await deadletter('list', file)).stderr).toContain(
    'the environment variable NO_TOKEN_SET is not set',
  )
})

test('what is asked for must be clear', async () => {
  for (const wrong of [
    ['drop'],
    ['replay', 'startup.yaml'],
    ['drop', '1', '--all'],
    ['drop', '1', '--instance', 'x'],
    ['drop', '1', 'a.yaml', 'b.yaml'],
    ['show', 'x'],
    ['list', '--limit', '0'],
  ]) {
    const { stderr, status } = await deadletter(...wrong)
    expect(stderr).toContain('error: ')
    expect(status).toBe(1)
  }
})

test('what somebody wrote into a message does not steer the terminal', async () => {
  const folder = scratch()
  const letters = await openStore(join(folder, 'state'))
  const evil = 'a\u001b[2Jb\u009bc\rd\u202ee'
  await letters.add([deadMessage(evil, { reason: evil })])
  await letters.close()
  const file = startup(folder, await freePort())
  const { stdout } = await deadletter('list', file)
  expect(stdout).toContain('a\\u001b[2Jb\\u009bc d\\u202ee')
  expect((await deadletter('show', '1', file)).stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u)
})
