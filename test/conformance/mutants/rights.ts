import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'
import { RIGHTS_OF_OUTPUTS } from './rights-of-outputs.ts'

/** A plugin that is unlike the bases and as right as they are: no check may find anything in it. */
export interface Right extends Pick<Mutant, 'base' | 'changes'> {
  /** What it does that a suite might take for a mistake. */
  readonly does: string
  /** The checks to which that matters; left out, all of them. */
  readonly checks?: readonly string[]
}

export const RIGHTS: readonly Right[] = [
  ...RIGHTS_OF_OUTPUTS,
  {
    does: 'leaves out every other sample by chance, which F-8 only advises against',
    base: 'filter',
    changes: [
      code('Number.isNaN(batch.values[i])', '(Number.isNaN(batch.values[i]) || Math.random() < 0.5)'),
    ],
    checks: [
      'lifecycle.two-instances',
      'filter.batch-unchanged',
      'filter.whole',
      'filter.order',
      'filter.series-interned',
    ],
  },
  {
    does: 'takes log lines away and touches nothing else',
    base: 'filter',
    changes: [
      code(
        "      if (batch.signal !== 'metric') return batch\n",
        "      if (batch.signal === 'log') return { ...batch, length: 0, records: [] }\n      if (batch.signal !== 'log') return batch\n",
      ),
    ],
    checks: ['filter.whole', 'filter.same-batch', 'filter.other-signals'],
  },
  {
    does: 'remembers the last values of ten thousand series, and of each that is still there',
    base: 'filter',
    changes: [
      code(
        '      const kept',
        '      for (const [i, series] of batch.series.entries()) remember(series, batch.values[i])\n      const kept',
      ),
      code(
        'export default {',
        'const weakly = new WeakMap()\nconst last = new Map()\n\nfunction remember(series, value) {\n  weakly.set(series, { value })\n  last.set(JSON.stringify(series), value)\n  if (last.size > 10_000) last.delete(last.keys().next().value)\n}\n\nexport default {',
      ),
    ],
    checks: ['filter.memory'],
  },
  {
    does: 'keeps what else an element says, with every digit',
    base: 'input',
    changes: [
      code(
        'const elements = JSON.parse(text)',
        'const elements = JSON.parse(text, (_, value, { source }) => (Number.isSafeInteger(value) || !/^-?\\d+$/.test(source) ? value : BigInt(source)))',
      ),
      code('out.log(logOf(line, host, time))', 'out.log({ ...logOf(line, host, time), labels: element })'),
    ],
  },
  {
    does: 'takes a list that is null for an empty one, and one sample of each value that an element has',
    base: 'input',
    changes: [
      code(
        '[{"name":"up","host":"a","value":1,"time":1763632200000},{"line":"hello","host":"a","time":1763632200001}]',
        '{"host":"a","time":1763632200000,"lines":["hello"],"values":{"up":1,"load":0.5}}',
      ),
      code(
        '        const elements = parse(body.toString())\n',
        `        const { host, time, lines, values } = JSON.parse(body.toString()) ?? {}
        if (typeof host !== 'string' || host === '' || !(time >= 0)) throw new Error('no host or no time')
        for (const [name, value] of Object.entries(values ?? {}))
          if (typeof value === 'number' && name !== '') out.sample(seriesOf(series, name, host), value, Number(time))
          else if (value === null) out.skip('no value')
          else out.reject('not a value')
        if (lines && !Array.isArray(lines)) out.reject('no lines')
        else
          for (const line of lines ?? [])
            if (typeof line === 'string') out.log(logOf(line, host, Number(time)))
            else out.reject('no line')
        return
        const elements = []
`,
      ),
    ],
  },
  {
    does: 'has options about keys and files that name none whose content matters',
    base: 'filter',
    changes: [
      code(
        'properties: {} }',
        `properties: {
      key: { type: 'string', writeOnly: true, description: 'The private key, as the text of a PEM file.' },
      keyField: { type: 'string', description: 'The field of a file that names the key.' },
      ca: { type: 'string', format: 'uri', description: 'Where the PEM file of the authorities is got from.' },
      tokenFile: { type: 'string', description: 'Where a token that was renewed is kept.' },
      path: { type: 'string', description: 'The file that lines are written to.' },
    } }`,
      ),
    ],
    checks: ['options.files', 'options.missing-files'],
  },
  {
    does: 'goes without a certificate that may be missing, as it says',
    base: 'filter',
    changes: [
      code('/** Leaves out', "import { existsSync, readFileSync } from 'node:fs'\n\n/** Leaves out"),
      code(
        'properties: {} }',
        "properties: { ca: { type: 'string', format: 'file', description: 'PEM file of the authorities, which may be missing.' } } }",
      ),
      code(
        'open: () => ({',
        'open: ({ options }) => ({\n    ca: options.ca && existsSync(options.ca) ? readFileSync(options.ca) : undefined,',
      ),
    ],
    checks: ['options.missing-files'],
  },
  {
    does: 'makes a sample of every number, however deep, and passes over texts',
    base: 'input',
    changes: [
      code(
        '[{"name":"up","host":"a","value":1,"time":1763632200000},{"line":"hello","host":"a","time":1763632200001}]',
        '{"host":"a","time":1763632200000,"firmware":"1.2","temp":21.5,"cpu":{"user":1,"system":2},"disks":[{"used":3},{"used":4}]}',
      ),
      code("signals: ['metric', 'log']", "signals: ['metric']"),
      code(
        '        const elements = parse(body.toString())\n',
        `        const { host, time, ...rest } = JSON.parse(body.toString()) ?? {}
        if (typeof host !== 'string' || host === '' || !(typeof time === 'number' && time >= 0)) throw new Error('no host or no time')
        const walk = (path, value) => {
          if (typeof value === 'number') out.sample(seriesOf(series, path, host), value, time)
          else if (value === null) out.skip('no value')
          else if (typeof value === 'object')
            for (const [key, member] of Object.entries(value)) walk(path + '_' + key, member)
        }
        walk('all', rest)
        return
        const elements = []
`,
      ),
    ],
  },
  {
    does: 'makes a key of its own where there is none yet',
    base: 'filter',
    changes: [
      code(
        '/** Leaves out',
        "import { randomBytes } from 'node:crypto'\nimport { existsSync, readFileSync, writeFileSync } from 'node:fs'\n\n/** Leaves out",
      ),
      code(
        'properties: {} }',
        "properties: { keyFile: { type: 'string', format: 'file', description: 'File of the private key, generated at the first start.' } } }",
      ),
      code(
        'open: () => ({',
        'open: ({ options: { keyFile } }) => ({\n    key: keyFile && (existsSync(keyFile) ? readFileSync(keyFile) : writeFileSync(keyFile, randomBytes(32))),',
      ),
    ],
    checks: ['options.files', 'options.missing-files'],
  },
]
