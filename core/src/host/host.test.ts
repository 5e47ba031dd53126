import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { Scrubber } from '../config/secrets.ts'
import { DeadLetterBox } from '../dead-letters/dead-letter-box.ts'
import { Codes } from '../plugins/codes.ts'
import { InlineCode } from '../plugins/inline-code.ts'
import { GenerationStore } from '../plugins/generations.ts'
import { recordingLog } from '../testing/log-lines.ts'
import { scratch } from '../testing/scratch.ts'
import { lend } from './host.ts'
import type { Host, Loan } from './host.ts'
import { Routes } from './routes.ts'
import { Sockets } from './sockets.ts'

const ROUTE = { host: '127.0.0.1', port: 0, path: '/x' }

function makeHost(): Host {
  const folder = scratch()
  return {
    log: recordingLog().log,
    scrubber: new Scrubber(),
    metrics: new Registry(),
    routes: new Routes(() => {}),
    sockets: new Sockets(() => {}),
    deadLetters: new DeadLetterBox({
      stateFolder: join(folder, 'state'),
      limits: { maxBytes: 1024, whenFull: 'dropOldest' },
      scrubber: new Scrubber(),
      log: recordingLog().log,
    }),
    codes: new Codes(
      new GenerationStore({
        stateFolder: folder,
        folder,
        log: recordingLog().log,
        rules: () => ({ keep: 1 }),
      }),
      {},
      recordingLog().log,
    ),
    inlineCode: new InlineCode(recordingLog().log),
    folder,
    stateFolder: join(folder, 'state'),
  }
}

function lendTo(host: Host, generation: number): Loan {
  const loan = lend(host, { instance: 'x', generation }, {}, () => {})
  onTestFinished(() => loan.takeBack())
  return loan
}

async function get(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' } })
  return `${response.status} ${(await response.text()).trim()}`
}

test('a handler answers from the moment that its generation is live, also one that is served later', async () => {
  const loan = lendTo(makeHost(), 1)
  const early = await loan.context.http.serve(ROUTE, () => new Response('early'))
  expect(await get(early.url)).toBe('503 not ready yet')
  loan.activate()
  const late = await loan.context.http.serve({ ...ROUTE, path: '/y' }, () => new Response('late'))
  expect([await get(early.url), await get(late.url)]).toEqual(['200 early', '200 late'])
})

test('what was lent is taken back: the signal ends, the handlers are gone, and none is served any more', async () => {
  const loan = lendTo(makeHost(), 1)
  loan.activate()
  const { url } = await loan.context.http.serve(ROUTE, () => new Response('here'))
  await loan.takeBack()
  await loan.takeBack()
  expect(loan.context.signal.aborted).toBe(true)
  await expect(get(url)).rejects.toThrow()
  const late = await loan.context.http.serve(ROUTE, () => new Response('late'))
  await expect(get(late.url)).rejects.toThrow()
})

test('a handler that its plugin took away does not come back', async () => {
  const loan = lendTo(makeHost(), 1)
  loan.activate()
  const kept = await loan.context.http.serve(ROUTE, () => new Response('kept'))
  const gone = await loan.context.http.serve({ ...ROUTE, path: '/y' }, () => new Response('gone'))
  await gone.close()
  await gone.close()
  loan.activate()
  expect([await get(gone.url), await get(kept.url)]).toEqual([expect.stringMatching(/^404 /), '200 kept'])
})

test("paths are meant from the folder of startup.yaml; the state folder is the instance's own and private", async () => {
  const host = makeHost()
  const { context } = lendTo(host, 1)
  expect(context.resolvePath('a/b')).toBe(join(host.folder, 'a/b'))
  expect(context.resolvePath('/a/b')).toBe('/a/b')
  const folder = await context.stateFolder()
  expect(folder).toBe(join(host.stateFolder, 'instances/x'))
  expect(await lendTo(host, 2).context.stateFolder()).toBe(folder)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test('addresses that are held stay bound with nobody to answer, whatever the plugin lets go of, until they are taken back', async () => {
  const host = makeHost()
  const lost = lendTo(host, 1)
  lost.activate()
  const service = await lost.context.http.serve(ROUTE, () => new Response('old'))
  lost.hold()
  await service.close()
  expect(lost.context.signal.aborted).toBe(true)
  expect(await get(service.url)).toBe('503 not ready yet')
  const next = lendTo(host, 2)
  await next.context.http.serve(ROUTE, () => new Response('new'))
  next.activate()
  await lost.takeBack()
  expect(await get(service.url)).toBe('200 new')
})
