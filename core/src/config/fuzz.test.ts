import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { seeded } from '../testing/seeded.ts'
import type { Seeded } from '../testing/seeded.ts'
import { mistakesIn } from '../testing/startup.ts'

const STARTUP = `# a gateway
gateway:
  name: "edge-\${NAME}"
  logLevel: info
  admin: { host: 127.0.0.1, port: 8470, token: "\${TOKEN}" }
transports:
  bus: &bus
    plugin: ./bus
    options: { url: "amqp://guest:hunter2@127.0.0.1:5672", list: [1, 2.5, true, ~, 'x'] }
inputs:
  collectd:
    plugin: ./collectd
    from: { transport: bus, queue: collectd, prefetch: 5 }
outputs:
  store:
    plugin: ./store
    from: [collectd]
    options:
      <<: *bus
      text: |
        many
        lines
    queue: { max: 1GiB, whenFull: block }
    retry: { initial: 1s, max: 30s }
`
const ENVIRONMENT = { NAME: '1', TOKEN: 'hunter2hunter2hunter2' }
const ROUNDS = 600

test(`${ROUNDS} mutations of a startup.yaml each end as a configuration or as mistakes with places`, () => {
  const folder = scratch()
  const options = { type: 'object', properties: { url: { type: 'string', writeOnly: true } } }
  writePlugin(join(folder, 'bus'), 'transport', { 'options.schema.json': options })
  writePlugin(join(folder, 'collectd'), 'input')
  writePlugin(join(folder, 'store'), 'output', { 'options.schema.json': options })
  const random = seeded(20_260_101)
  const outcomes = { good: 0, bad: 0 }
  let slowestMs = 0
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutated(STARTUP, random)
    const start = performance.now()
    const mistakes = mistakesIn(folder, text, ENVIRONMENT)
    slowestMs = Math.max(slowestMs, performance.now() - start)
    outcomes[mistakes.length === 0 ? 'good' : 'bad']++
    for (const mistake of mistakes) {
      expect(mistake).toMatch(/^startup\.yaml:\d+:\d+ ./s)
      expect(mistake).not.toMatch(/hunter2|undefined|\[object|NaN/)
    }
  }
  expect(outcomes.bad).toBeGreaterThan(ROUNDS / 2)
  expect(outcomes.good).toBeGreaterThan(10)
  expect(slowestMs).toBeLessThan(20_000)
})

const PIECES = [
  '\t',
  '\n',
  ' ',
  ': ',
  '- ',
  '&a ',
  '*a',
  '*bus',
  '<<: *bus\n',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '#',
  '|',
  '>',
  '!!set ',
  '!x ',
  '? ',
  '~',
  'null',
  'true',
  '-1',
  '1e400',
  '.nan',
  '0x1F',
  '${',
  '${NAME}',
  '${file:/none}',
  '$${',
  '%',
  '@',
  '`',
  '---\n',
  '...\n',
  '\0',
  '\r',
  '\u2028',
  '\ud800',
  '💥',
  '__proto__: 1\n',
  'constructor: {}\n',
  'plugin: .\n',
  'plugin: /\n',
  'from: 5\n',
  'options: []\n',
  'queue: ~\n',
  'required: false\n',
]

function mutated(text: string, random: Seeded): string {
  let result = text
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = random.below(result.length)
    const length = random.below(random.pick([2, 10, 200]))
    const lines = result.split('\n')
    const line = random.below(lines.length)
    result = random.pick([
      () => result.slice(0, at) + random.pick(PIECES) + result.slice(at),
      () => result.slice(0, at) + result.slice(at + length),
      () => result.slice(0, at) + result.slice(at, at + length).repeat(2) + result.slice(at + length),
      () => result.slice(0, at) + String.fromCharCode(random.below(300)) + result.slice(at + 1),
      () => lines.toSpliced(line, 1).join('\n'),
      () => lines.toSpliced(line, 0, random.pick(lines)).join('\n'),
      () => lines.with(line, `  ${lines[line]}`).join('\n'),
      () => lines.with(line, lines[line]!.trimStart()).join('\n'),
    ])()
  }
  return result
}
