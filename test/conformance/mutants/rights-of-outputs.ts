import { code, STORE_WITH_IDS } from './mutant.ts'
import type { Right } from './rights.ts'

function opensAfter(ms: number) {
  return code('    try {\n      await post([])', `    try {\n      await later(${ms})\n      await post([])`)
}

function stopsAfter(ms: number) {
  return code(
    'stopping ??= writing.then(() => agent.destroy())',
    `stopping ??= writing.then(() => later(${ms})).then(() => agent.destroy())`,
  )
}

const LATER = code(
  'function linesOf(batch) {',
  'const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))\n\nfunction linesOf(batch) {',
)

const SEND_BY_FETCH = `async function sendByFetch({ url, token, timeoutMs }, signal, lines) {
  let answer
  let text
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: \`Bearer \${token}\` },
      body: lines.map((line) => \`\${line}\\n\`).join(''),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    text = await answer.text()
  } catch (cause) {
    throw failure('the store cannot be reached', true, { cause })
  }
  if (answer.status === 200) return JSON.parse(text)
  throw refusal({ statusCode: answer.status, headers: Object.fromEntries(answer.headers) })
}
`

/** Outputs that are right in another way than their base. */
export const RIGHTS_OF_OUTPUTS: readonly Right[] = [
  {
    does: 'asks with the global fetch, which ends a connection seconds after it was aborted',
    base: 'output',
    changes: [
      code('send(options, agent, signal, lines)', 'sendByFetch(options, signal, lines)'),
      code('function linesOf(batch) {', `${SEND_BY_FETCH}\nfunction linesOf(batch) {`),
    ],
  },
  {
    does: 'asks its store for nothing before it writes',
    base: 'output',
    changes: [code('      await post([])\n', '')],
  },
  {
    does: 'takes 300 ms to open and 300 ms to stop',
    base: 'output',
    changes: [LATER, opensAfter(300), stopsAfter(300)],
  },
  {
    does: 'takes 1.2 s to stop',
    base: 'output',
    changes: [LATER, stopsAfter(1200)],
    checks: [
      'lifecycle.stop-twice',
      'lifecycle.orders',
      'swap.under-load',
      'leaks.thread-ends',
      'leaks.heap',
    ],
  },
  {
    does: 'takes 3.5 s to open',
    base: 'output',
    changes: [LATER, opensAfter(3500)],
    checks: ['options.unchanged', 'lifecycle.session', 'lifecycle.orders', 'swap.beside', 'leaks.handles'],
  },
  {
    does: 'sends a batch in parts, all at once',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        'const parts = Array.from({ length: Math.ceil(lines.length / 64) }, (_, i) => i * 64)\n      const answers = await Promise.all(parts.map((at) => post(lines.slice(at, at + 64))))\n      const refused = answers.flatMap((answer, i) => answer.refused.map((index) => parts[i] + index))\n',
      ),
    ],
    checks: [
      'output.stores',
      'output.partial',
      'output.refused-once',
      'output.busy-once',
      'output.flushes',
      'leaks.handles',
    ],
  },
  {
    does: 'encodes in a thread of its own',
    base: 'output',
    changes: [
      code(
        "import { Agent, request } from 'node:http'",
        "import { once } from 'node:events'\nimport { Agent, request } from 'node:http'\nimport { Worker } from 'node:worker_threads'\n\nconst ECHO = `const { parentPort } = require('node:worker_threads')\\nparentPort.on('message', (lines) => parentPort.postMessage(lines))`",
      ),
      code(
        'const agent = new Agent({ keepAlive: true })\n',
        'const agent = new Agent({ keepAlive: true })\n    const encoder = new Worker(ECHO, { eval: true })\n',
      ),
      code(
        'agent.destroy()\n      throw error',
        'agent.destroy()\n      await encoder.terminate()\n      throw error',
      ),
      code(
        'const { refused } = await post(lines)\n',
        "encoder.postMessage(lines)\n      const [encoded] = await once(encoder, 'message')\n      const { refused } = await post(encoded)\n",
      ),
      code(
        'writing.then(() => agent.destroy())',
        'writing.then(() => {\n          agent.destroy()\n          return encoder.terminate()\n        })',
      ),
    ],
    checks: [
      'lifecycle.orders',
      'lifecycle.aborted-open',
      'output.stores',
      'swap.under-load',
      'leaks.thread-ends',
      'leaks.handles',
    ],
  },
  {
    does: 'waits for an answer for ever',
    base: 'output',
    changes: [code("setTimeout(() => asked.destroy(failure('no answer', true)), timeoutMs)", 'undefined')],
    checks: ['lifecycle.hanging-peer', 'output.hanging', 'output.stopped-hanging', 'leaks.after-faults'],
  },
  {
    does: 'remembers the id of everything that it has written, as one that is bounded far away would',
    base: 'output',
    changes: [
      code(
        '      forgetOldest(seen)\n',
        '      forgetOldest(seen)\n      for (const { id } of batch.records ?? []) ids.add(id)\n',
      ),
      code('    let stopping\n', '    let stopping\n    const ids = new Set()\n'),
    ],
    checks: ['leaks.records'],
  },
  {
    does: 'gives records with ids to a store that keeps one of each',
    base: 'output',
    changes: STORE_WITH_IDS,
    checks: ['output.order', 'output.same-id'],
  },
  {
    does: 'refuses a batch as a whole, as its store does',
    base: 'output',
    changes: [
      {
        file: 'conformance.js',
        from: 'refused: posted.flatMap((line, i) => (line.includes(token) ? [i] : [])),',
        to: 'status: posted.some((line) => line.includes(token)) ? 400 : 200,',
      },
    ],
    checks: ['output.others-kept'],
  },
  {
    does: 'tries a few times to connect, and gives up of its own accord',
    base: 'output',
    changes: [
      LATER,
      code(
        '    try {\n      await post([])\n    } catch (error) {\n      agent.destroy()\n      throw error\n    }',
        "    const isThere = () => post([]).then(() => true, () => later(20))\n    if (!((await isThere()) ?? (await isThere()) ?? (await isThere()))) {\n      agent.destroy()\n      throw failure('nobody is there', true)\n    }",
      ),
    ],
    checks: ['errors.cause'],
  },
]
