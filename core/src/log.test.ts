import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { Scrubber } from './config/secrets.ts'
import { createLogger } from './log.ts'
import { until } from './testing/until.ts'

/** A stream that keeps what is written. */
function kept(): { readonly stream: Writable; text: string } {
  const all = {
    text: '',
    stream: new Writable({ write: (chunk, _, done) => done(void (all.text += String(chunk))) }),
  }
  return all
}

function scrubberOf(...secrets: readonly string[]): Scrubber {
  const scrubber = new Scrubber()
  scrubber.add(secrets)
  return scrubber
}

test('a line is one JSON object with its level as a word and its time as people read it', () => {
  const all = kept()
  const log = createLogger({ level: 'info', name: 'edge-1', scrubber: scrubberOf(), stream: all.stream })
  log.child({ component: 'x' }).warn({ retryInMs: 5 }, 'busy')
  log.debug('not this one')
  expect(JSON.parse(all.text)).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    name: 'edge-1',
    component: 'x',
    retryInMs: 5,
    msg: 'busy',
  })
})

test('no secret passes, in whatever field, stack or escape it comes, also one that became known later', () => {
  const all = kept()
  const scrubber = scrubberOf('pa"ss\nword')
  const log = createLogger({ level: 'info', name: 'x', scrubber, stream: all.stream })
  log.error(
    { err: new Error('login with pa"ss\nword failed'), url: 'http://u:pa%22ss%0Aword@h' },
    'pa"ss\nword',
  )
  scrubber.add(['later-secret'])
  log.child({ component: 'later-secret' }).info('x')
  expect(all.text).not.toMatch(/pa\\?"ss|later-secret|pa%22/)
  for (const line of all.text.trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow()
})

test('people get readable lines without secrets', async () => {
  const all = kept()
  const log = createLogger({
    level: 'info',
    name: 'x',
    scrubber: scrubberOf('hunter2'),
    stream: all.stream,
    readable: true,
  })
  log.info('connects with hunter2')
  await until('the line is there', () => all.text !== '')
  expect(all.text).toMatch(/^\[.*\] INFO: connects with \[secret\]\n$/)
})
