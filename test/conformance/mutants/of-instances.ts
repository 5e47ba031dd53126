import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Instances that are in each other's way. */
export const OF_INSTANCES: readonly Mutant[] = [
  {
    does: 'keeps its state in the module, which two instances share',
    base: 'output',
    changes: [
      code('    const seen = new Set()\n', ''),
      code('function linesOf(batch) {', 'const seen = new Set()\n\nfunction linesOf(batch) {'),
    ],
    fails: ['lifecycle.two-instances', 'swap.state'],
  },
  {
    does: 'writes to the store of the instance that was opened last',
    base: 'output',
    changes: [
      code('function linesOf(batch) {', 'let last\n\nfunction linesOf(batch) {'),
      code(
        'send(options, agent, signal, lines)',
        'send({ ...options, url: (last ??= options.url) }, agent, signal, lines)',
      ),
      code('    log.info(', '    last = options.url\n    log.info('),
    ],
    fails: ['lifecycle.two-instances'],
  },
  {
    does: 'takes for written what another instance has written',
    base: 'output',
    changes: [
      code('function linesOf(batch) {', 'const sent = new Set()\n\nfunction linesOf(batch) {'),
      code(
        '      const { refused } = await post(lines)\n',
        '      if (lines.every((line) => sent.has(line))) return\n      const { refused } = await post(lines)\n      for (const line of lines) sent.add(line)\n',
      ),
    ],
    fails: ['lifecycle.two-instances', 'leaks.records'],
  },
  {
    does: 'keeps series of one instance for another one with other options',
    base: 'input',
    changes: [
      code(
        'properties: {} }',
        "properties: { prefix: { type: 'string', default: '', description: 'Before each name.' } } }",
      ),
      code('  open({ series }) {', '  open({ options, series }) {'),
      code(
        'out.sample(seriesOf(series, name, host), value, time)',
        'out.sample(known.get(`${host} ${name}`) ?? keep(seriesOf(series, options.prefix + name, host), `${host} ${name}`), value, time)',
      ),
      code(
        'function parse(text) {',
        'const known = new Map()\n\nfunction keep(one, key) {\n  known.set(key, one)\n  return one\n}\n\nfunction parse(text) {',
      ),
    ],
    fails: ['lifecycle.two-instances'],
  },
  {
    does: 'does to a batch what another instance was asked for',
    base: 'filter',
    changes: [
      code(
        'properties: {} }',
        "properties: { max: { type: 'number', description: 'No value is above it.' } } }",
      ),
      code('  open: () => ({\n', '  open: ({ options }) => (max ??= options.max, {\n'),
      code(
        'values: kept.map((i) => batch.values[i])',
        'values: kept.map((i) => Math.min(batch.values[i], max ?? Infinity))',
      ),
      code('kept.length === batch.length', 'max === undefined'),
      code('/** Leaves out samples', 'let max\n\n/** Leaves out samples'),
    ],
    fails: ['lifecycle.two-instances'],
  },
  {
    does: 'hands what comes to the subscription that was made last, be it of another instance',
    base: 'transport',
    changes: [
      code(
        '      async subscribe({ credit }, intake) {\n',
        '      async subscribe({ credit }, intake) {\n        last = intake\n',
      ),
      code('            intake.deliver(', '            last.deliver('),
      code('const CREDIT = 50\n', 'const CREDIT = 50\nlet last\n'),
    ],
    fails: ['lifecycle.two-instances'],
  },
  {
    does: 'emits to whoever started an instance last',
    base: 'source',
    changes: [
      code('      start(emit) {\n', '      start(given) {\n        emit = given\n'),
      code('function logOf(message) {', 'let emit\n\nfunction logOf(message) {'),
    ],
    fails: ['lifecycle.two-instances'],
  },
]
