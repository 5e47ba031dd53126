import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { load, mistakesIn } from '../testing/startup.ts'

/** The options of the output `x` in a configuration that gives it these lines. */
function optionsOf(folder: string, lines: string, environment: NodeJS.ProcessEnv = {}) {
  writePlugin(join(folder, 'x'), 'output')
  const { outputs } = load(folder, `outputs:\n  x:\n    plugin: ./x\n    options:\n${lines}`, environment)
  return outputs[0]!.options
}

test('variables and files are put into any string', () => {
  const folder = scratch()
  writeFileSync(join(folder, 'secret'), 'line 1\nline 2\n')
  const lines =
    '      url: "amqp://guest:${PASSWORD}@${HOST}"\n      ca: "${file:secret}"\n      list: ["${HOST}", b]\n'
  expect(optionsOf(folder, lines, { PASSWORD: 'p$1$&', HOST: 'h' })).toEqual({
    url: 'amqp://guest:p$1$&@h',
    ca: 'line 1\nline 2',
    list: ['h', 'b'],
  })
})

test('a reference that stands alone without quotes is typed, one in quotes stays text', () => {
  const lines =
    '      port: ${PORT}\n      text: "${PORT}"\n      on: ${ON}\n      name: ${NAME}\n      rate: ${RATE}\n'
  expect(optionsOf(scratch(), lines, { PORT: '8470', ON: 'true', NAME: '1.2.3', RATE: '-1.5e3' })).toEqual({
    port: 8470,
    text: '8470',
    on: true,
    name: '1.2.3',
    rate: -1500,
  })
})

test('an alias and a merge key carry a typed reference', () => {
  const lines = '      a: &a { port: ${PORT} }\n      b: { <<: *a, more: 1 }\n      c: *a\n'.replace(
    '{ port: ${PORT} }',
    '\n        port: ${PORT}',
  )
  const port = { port: 1 }
  expect(optionsOf(scratch(), lines, { PORT: '1' })).toEqual({ a: port, b: { ...port, more: 1 }, c: port })
})

test('$${ is a plain ${', () => {
  const lines = '      a: "$${NAME}"\n      b: $${NAME}\n      c: "x$${"\n      d: "$NAME {}"\n'
  expect(optionsOf(scratch(), lines, { NAME: 'no' })).toEqual({
    a: '${NAME}',
    b: '${NAME}',
    c: 'x${',
    d: '$NAME {}',
  })
})

test('what is missing is told with its place and never with a value, and nothing else is said of that place', () => {
  const folder = scratch()
  const text = [
    'gateway:',
    '  name: ${NAME}',
    '  maxSeries: ${SERIES}',
    '  logLevel: "${LEVEL:-hunter2}"',
    '  state: "${file:none/there}"',
    '  drain: "${constructor}${__proto__}"',
    '  admin: { token: "${OPEN-and-never-closed" }',
  ].join('\n')
  expect(mistakesIn(folder, text, { OTHER: 'hunter2' })).toEqual([
    'startup.yaml:2:9 gateway.name: the environment variable NAME is not set',
    'startup.yaml:3:14 gateway.maxSeries: the environment variable SERIES is not set',
    'startup.yaml:4:13 gateway.logLevel: has a reference that is neither ${NAME}, an environment variable, nor ${file:PATH}',
    'startup.yaml:5:10 gateway.state: the file none/there cannot be read (ENOENT)',
    'startup.yaml:6:10 gateway.drain: the environment variable constructor is not set',
    'startup.yaml:6:10 gateway.drain: the environment variable __proto__ is not set',
    'startup.yaml:7:19 gateway.admin.token: has a reference "${" without its "}"; a plain "${" is written "$${"',
  ])
})

test('an empty variable is there', () => {
  expect(optionsOf(scratch(), '      a: ${EMPTY}\n', { EMPTY: '' })).toEqual({ a: '' })
})

test('aliases that unfold without end are a mistake, not a hang', () => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i <= 9; i++)
    bomb.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    )
  const start = performance.now()
  for (const text of [bomb.join('\n'), 'gateway: &a { name: *a }', '&a [*a, *a]'])
    expect(mistakesIn(scratch(), text)[0]).toContain('holds more than 100000 values or is deeper than 200')
  expect(performance.now() - start).toBeLessThan(5000)
})
