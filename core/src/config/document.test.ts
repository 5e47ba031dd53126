import { expect, test } from 'vitest'
import { scratch } from '../testing/scratch.ts'
import { mistakesIn } from '../testing/startup.ts'
import { readYaml } from './document.ts'

test('every key and value has its line and column', () => {
  const { at } = readYaml(
    'startup.yaml',
    'gateway:\n  name: "edge"\n  admin: { port:   8470 }\nlist:\n  - a\n  - b\n',
  )
  expect(at(['gateway', 'name'])).toEqual({ line: 2, column: 9 })
  expect(at(['gateway', 'name'], 'key')).toEqual({ line: 2, column: 3 })
  expect(at(['gateway', 'admin', 'port'])).toEqual({ line: 3, column: 20 })
  expect(at(['list', 1])).toEqual({ line: 6, column: 5 })
})

test('what is not there is looked for at the key of its nearest parent', () => {
  const { at } = readYaml('startup.yaml', 'outputs:\n  loki:\n    options: {}\n')
  expect(at(['outputs', 'loki', 'options', 'url'])).toEqual({ line: 3, column: 5 })
})

test('windows line ends, a byte order mark and other alphabets do not shift places', () => {
  const folder = scratch()
  expect(mistakesIn(folder, 'gateway:\r\n  name: größe\r\n  nme: 1\r\n')).toEqual([
    'startup.yaml:3:3 gateway.nme: is not a known key; did you mean "name"?',
  ])
  expect(mistakesIn(folder, '\uFEFFgateway:\n  nme: 1\n')[0]).toContain('startup.yaml:2:3')
})

test('a key that stands twice is a mistake at its second place, at every depth', () => {
  const folder = scratch()
  expect(mistakesIn(folder, 'inputs:\n  a: { plugin: ./x }\n  a: { plugin: ./x }\n')).toContain(
    'startup.yaml:3:3 inputs.a: stands here twice; the first is in line 2',
  )
  expect(mistakesIn(folder, 'gateway:\n  admin: { port: 1,\n    port: 2 }\n')).toEqual([
    'startup.yaml:3:5 gateway.admin.port: stands here twice; the first is in line 2',
  ])
})

test('indentation with tabs says what to do', () => {
  expect(mistakesIn(scratch(), 'gateway:\n\tname: a\n')).toEqual([
    'startup.yaml:2:1 is not valid YAML: tab characters must not be used in indentation; indent with spaces',
  ])
})

test.each([
  'gateway: { admin: { port: ${PORT} } }',
  'gateway: {\n  name: "a",\n  state: /x/${PORT}, logLevel: info }',
  'inputs: { a: { from: [${PORT}] } }',
])('a reference without quotes in braces (%j) says what to do', (text) => {
  expect(mistakesIn(scratch(), text, { PORT: '1' })).toEqual([
    expect.stringMatching(/ is not valid YAML: .*; quote \$\{…\} inside \{ \}$/),
  ])
})

test('a comma that is missed elsewhere gets no advice on references', () => {
  expect(mistakesIn(scratch(), 'gateway: { name: "${NAME}" state: x }')).toEqual([
    expect.stringMatching(/missed comma between flow collection entries$/),
  ])
})

test('a second document is a mistake: it would be ignored without a word', () => {
  expect(mistakesIn(scratch(), 'gateway:\n  name: a\n---\ngateway:\n  name: b\n')).toEqual([
    'startup.yaml:4:1 holds more than one YAML document; keep one',
  ])
  expect(mistakesIn(scratch(), '---\ngateway:\n  name: a\n...\n')).toEqual([])
})

test.each([
  ['text that is no YAML', 'gateway: [', 'is not valid YAML'],
  ['a tag', 'gateway: { name: !hunter2 }', 'unknown scalar tag; a text that begins with ! needs quotes'],
  ['an alias of nothing', 'gateway: *hunter2', 'unidentified alias; a text that begins with * needs quotes'],
  ['keys that are maps', '? { a: b }\n: c\n? [d]\n: e\n', 'does not support complex keys'],
  ['100,000 open brackets', '['.repeat(100_000), 'nesting exceeded'],
  ['a null byte', 'gateway:\n  name: a\0b', 'null byte'],
])('%s is one mistake with its place', (_, text, message) => {
  const mistakes = mistakesIn(scratch(), text)
  expect(mistakes).toHaveLength(1)
  expect(mistakes[0]).toMatch(/^startup\.yaml:\d+:\d+ /)
  expect(mistakes[0]).toContain(message)
  expect(mistakes[0]).not.toContain('hunter2')
})

test.each(['', '  \n\n', '# gateway:\n', '---\n', 'null\n'])(
  'an empty file (%j) says what belongs there',
  (text) => {
    expect(mistakesIn(scratch(), text)).toEqual([
      'startup.yaml:1:1 is empty; it must hold the keys gateway, transports, filters, inputs, outputs',
    ])
  },
)
