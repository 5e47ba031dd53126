import { expect, test } from 'vitest'
import type { EventRecord } from '@smart-gateway/sdk'
import { Scrubber } from '../config/secrets.ts'
import { deadMessage } from '../testing/dead-letter-store.ts'
import type { DeadRecord, Letter, NewLetter } from './letter.ts'
import { messageOf, recordOf } from './letter.ts'
import { rowOf } from './row.ts'
import type { Row } from './row.ts'

const SECRETS = ['s3cret-pass', 'geheim€wort', 'say "it"', '987654']

function row(letter: NewLetter): Row {
  const scrubber = new Scrubber()
  scrubber.add(SECRETS)
  return rowOf(letter, 0, scrubber)
}

function kept(letter: NewLetter): Letter {
  const { size: _, letter: __, ...made } = row(letter)
  return { ...made, id: 1, bytes: made.body.length, replays: 0, body: Buffer.from(made.body) }
}

function event(labels: Record<string, unknown>): EventRecord {
  return { index: 'i', timeMs: 1, severity: 'info', publisher: 'p', labels, annotations: {} }
}

function dead(record: EventRecord): DeadRecord {
  return {
    kind: 'record',
    instance: 'es',
    generation: 1,
    reason: 'mapping',
    input: 'in',
    signal: 'event',
    record,
  }
}

test('a body without secrets is kept byte for byte', () => {
  const body = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  const made = row(deadMessage(body))
  expect(Buffer.from(made.body)).toEqual(body)
  expect(made.scrubbed).toBe(false)
})

test('secrets go from reasons, addresses, headers and text bodies', () => {
  const message = {
    body: Buffer.from('{"say":"geheim€wort","quoted":"say \\"it\\"","ü":1}'),
    address: 'q?pass=s3cret-pass',
    headers: { 's3cret-pass': 1, auth: ['Bearer s3cret-pass'], number: 987654 },
  }
  const made = row(deadMessage('', { message, reason: 'near "s3cret-pass"' }))
  expect(Buffer.from(made.body).toString()).toBe('{"say":"[secret]","quoted":"[secret]","ü":1}')
  expect(made).toMatchObject({
    reason: 'near "[secret]"',
    address: 'q?pass=[secret]',
    headers: '{"[secret]":1,"auth":["Bearer [secret]"],"number":987654}',
    scrubbed: true,
  })
})

test('in a binary body only the bytes of the secret are replaced', () => {
  const body = Buffer.concat([
    Buffer.from([0xff, 0xfe, 0xe2]),
    Buffer.from('s3cret-pass'),
    Buffer.from([0x80, 0]),
  ])
  const made = row(deadMessage(body))
  expect(Buffer.from(made.body)).toEqual(
    Buffer.concat([Buffer.from([0xff, 0xfe, 0xe2]), Buffer.from('[secret]'), Buffer.from([0x80, 0])]),
  )
  expect(made.scrubbed).toBe(true)
})

test('a secret beyond ASCII does not stay in a binary body either', () => {
  const made = row(
    deadMessage(Buffer.concat([Buffer.from([0xff]), Buffer.from('geheim€wort'), Buffer.from([0xe2])])),
  )
  expect(Buffer.from(made.body).includes('geheim')).toBe(false)
  expect(made.scrubbed).toBe(true)
})

test('only a changed content makes a letter scrubbed', () => {
  expect(row(deadMessage('good', { reason: 's3cret-pass' })).scrubbed).toBe(false)
})

test('a record without secrets comes back as it was, integers beyond 2^53 included', () => {
  const record = event({ big: 2n ** 63n, text: 'ü', list: [1.5, null, true] })
  const letter = kept(dead(record))
  expect(letter.scrubbed).toBe(false)
  expect(recordOf(letter)).toEqual({ signal: 'event', record })
})

test('secrets go from the texts and keys of a record; its numbers stay and it stays JSON', () => {
  const letter = kept(dead(event({ 'k s3cret-pass': 'say "it"', big: 2n ** 63n, number: 1987654 })))
  expect(letter.scrubbed).toBe(true)
  expect(recordOf(letter).record).toEqual(
    event({ 'k [secret]': '[secret]', big: 2n ** 63n, number: 1987654 }),
  )
})

test('a sample keeps its series, its time and any double', () => {
  const series = { name: 'cpu', labels: { host: 'a' }, type: 'gauge', intervalMs: 10_000 } as const
  for (const value of [0, 1.5, -1e300, 2 ** 60, NaN, Infinity, -Infinity]) {
    const record = { series, value, timeMs: 5 }
    const letter: NewLetter = {
      kind: 'record',
      instance: 'prometheus',
      generation: 1,
      reason: 'r',
      input: 'collectd',
      signal: 'metric',
      record,
    }
    expect(recordOf(kept(letter))).toEqual({ signal: 'metric', record })
  }
})

test('a message comes back as it was, as one that is delivered again', () => {
  const message = { body: Buffer.from('b'), contentType: 't', address: 'a', headers: { n: 2n ** 60n } }
  expect(messageOf(kept(deadMessage('', { message })))).toEqual({ ...message, redelivered: true })
  expect(messageOf(kept(deadMessage('x')))).toEqual({ body: Buffer.from('x'), redelivered: true })
})
