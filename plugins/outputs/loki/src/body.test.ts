import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decodePush } from '../test/push-request.ts'
import { streamsOf } from '../test/server.ts'
import { texts } from '../test/texts.ts'
import { jsonBody } from './json-body.ts'
import { labelText, protobufBody } from './protobuf-body.ts'
import type { Push } from './stream.ts'
import { textOf } from './text.ts'

const push = (text: string): Push => [
  {
    labels: ['job', textOf(text), 'b', 'x'],
    labelBytes: 0,
    entries: [
      {
        index: 0,
        timeMs: 1_795_173_131_635,
        timeNs: 7,
        line: textOf(text),
        metadata: ['m', textOf(text)],
        bytes: 0,
      },
      { index: 1, timeMs: 5, timeNs: 0, line: 'second', metadata: [], bytes: 0 },
    ],
  },
]

test('any text comes out of JSON as it was, a lone surrogate as U+FFFD', async () => {
  for (const text of texts(2000)) {
    const expected = text.toWellFormed()
    const { bytes } = await jsonBody(push(text))
    expect(gunzipSync(bytes).toString()).not.toMatch(/\\u[dD][89a-fA-F]/)
    expect(streamsOf({ body: bytes })).toEqual([
      {
        stream: { job: expected, b: 'x' },
        values: [
          ['1795173131635000007', expected, { m: expected }],
          ['5000000', 'second'],
        ],
      },
    ])
  }
})

test('any text comes out of protocol buffers as it was, a lone surrogate as U+FFFD', () => {
  for (const text of texts(2000)) {
    const expected = text.toWellFormed()
    const [stream] = decodePush(protobufBody(push(text)).bytes).streams
    expect(readLabels(stream!.labels)).toEqual({ job: expected, b: 'x' })
    expect(stream!.entries).toEqual([
      { seconds: 1_795_173_131, nanos: 635_000_007, line: expected, metadata: [['m', expected]] },
      { seconds: 0, nanos: 5_000_000, line: 'second', metadata: [] },
    ])
  }
})

test('labels are written with the escapes that Go knows', () => {
  expect(labelText(['a', 'x"y\\z\n\0\t', 'b_1', 'é😀'])).toBe('{a="x\\"y\\\\z\\n\\u0000\\t", b_1="é😀"}')
})

test('a large push survives snappy, whose blocks have 64 KiB', () => {
  const line = Array.from(texts(300)).join('').toWellFormed()
  const entries = Array.from({ length: 500 }, (_, index) => ({
    index,
    timeMs: 1_795_173_131_635 + index,
    timeNs: 0,
    line: `${index} ${line.slice(index % 50)}`,
    metadata: [],
    bytes: 0,
  }))
  const { bytes } = protobufBody([{ labels: ['a', 'b'], labelBytes: 0, entries }])
  expect(decodePush(bytes).streams[0]!.entries.map((entry) => entry.line)).toEqual(
    entries.map((entry) => entry.line),
  )
})

/** Reads `{a="b", c="d"}` as Go does: raw text, `\\`, `\"`, single-letter escapes and four hex digits. */
function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  expect(text).toMatch(/^\{.*\}$/s)
  let rest = text.slice(1, -1)
  while (rest !== '') {
    const [all, name, quoted] =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[abfnrtv\\"]|\\u[0-9a-fA-F]{4})*)"(?:, |$)/.exec(rest)!
    labels[name!] = JSON.parse(`"${quoted!}"`) as string
    rest = rest.slice(all.length)
  }
  return labels
}
