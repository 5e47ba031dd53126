import { expect, test } from 'vitest'
import { parsePage } from './page-parser.ts'
import type { PageKind } from './page-parser.ts'

const head = '# HELP a b\n# TYPE a gauge\n'

test('a valid page comes out as families', () => {
  expect(parsePage(`${head}a{x="1\\n\\"\\\\",y="é"} -1.5e-7 1700000000000\na +Inf\n`, 'text')).toEqual([
    {
      name: 'a',
      type: 'gauge',
      help: 'b',
      samples: [
        { name: 'a', labels: { x: '1\n"\\', y: 'é' }, value: -1.5e-7, timestamp: 1_700_000_000_000 },
        { name: 'a', labels: {}, value: Infinity, timestamp: undefined },
      ],
    },
  ])
  expect(parsePage('', 'text')).toEqual([])
  expect(parsePage('# EOF\n', 'openmetrics')).toEqual([])
})

test.each<[string, PageKind, string | Uint8Array]>([
  ['a series twice', 'text', `${head}a{x="1"} 1\na{x="1"} 2\n`],
  ['a series twice, labels in another order', 'text', `${head}a{x="1",y="2"} 1\na{y="2",x="1"} 2\n`],
  ['a family in two places', 'text', `${head}a 1\n# HELP b b\n# TYPE b gauge\nb 1\n${head}a{x="1"} 1\n`],
  ['a sample of another family', 'text', `${head}b 1\n`],
  ['a sample before its type', 'text', 'a 1\n'],
  ['a family without samples', 'text', head],
  ['a bad metric name', 'text', '# HELP a-b b\n# TYPE a-b gauge\na-b 1\n'],
  ['a bad label name', 'text', `${head}a{1x="1"} 1\n`],
  ['a label twice', 'text', `${head}a{x="1",x="2"} 1\n`],
  ['the reserved label', 'text', `${head}a{__name__="b"} 1\n`],
  ['an unescaped quote', 'text', `${head}a{x="1"2"} 1\n`],
  ['an unknown escape', 'text', `${head}a{x="\\t"} 1\n`],
  ['a value that is none', 'text', `${head}a Infinity\n`],
  ['an unfinished line', 'text', `${head}a 1`],
  ['an empty line', 'openmetrics', `${head}a 1\n\n# EOF\n`],
  ['a missing end', 'openmetrics', `${head}a 1\n`],
  ['a type of the other format', 'openmetrics', '# HELP a b\n# TYPE a untyped\na 1\n# EOF\n'],
  ['a counter sample without _total', 'openmetrics', '# HELP a b\n# TYPE a counter\na 1\n# EOF\n'],
  [
    'a name that a counter claims',
    'openmetrics',
    '# HELP a b\n# TYPE a counter\na_total 1\n# HELP a_created b\n# TYPE a_created gauge\na_created 1\n# EOF\n',
  ],
  [
    'bytes that are no UTF-8',
    'text',
    Buffer.concat([Buffer.from(`${head}a{x="`), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"} 1\n')]),
  ],
])('%s is refused', (_, kind, page) => {
  expect(() => parsePage(page, kind)).toThrow()
})
