import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

const LOGIN = JSON.stringify({
  type: 'object',
  additionalProperties: false,
  required: ['user'],
  description: 'Who the store wants to see.',
  properties: { user: { type: 'string' }, password: { type: 'string', writeOnly: true } },
})

/** Failures that say too little or too much. */
export const OF_ERRORS: readonly Mutant[] = [
  {
    does: 'throws a text instead of an error when it cannot open',
    base: 'output',
    changes: [code('agent.destroy()\n      throw error', "agent.destroy()\n      throw 'no store'")],
    fails: ['errors.open', 'errors.cause'],
  },
  {
    does: 'throws errors whose properties have other types',
    base: 'output',
    changes: [
      code(
        'const error = failure(`the store answers ${statusCode}`, statusCode !== 400)',
        'const error = failure(`the store answers ${statusCode}`, String(statusCode !== 400))',
      ),
    ],
    fails: ['output.refused', 'output.busy', 'output.retry-after', 'errors.write'],
  },
  {
    does: 'asks for a wait that is negative',
    base: 'output',
    changes: [code("Number(headers['retry-after']) * 1000", "Number(headers['retry-after']) * -1000")],
    fails: ['output.busy', 'output.retry-after', 'errors.write'],
    failsInThread: ['output.busy', 'output.retry-after', 'errors.write'],
  },
  {
    does: 'shows its password in the code of a refusal',
    base: 'output',
    changes: [
      code(
        'else reject(refusal(answer))',
        'else reject(Object.assign(refusal(answer), { code: `refused ${token}` }))',
      ),
    ],
    fails: ['errors.secrets-hidden'],
  },
  {
    does: 'logs its password in base64 when the store is busy',
    base: 'output',
    changes: [
      code(
        '        else reject(refusal(answer))',
        '        else {\n          if (answer.statusCode === 503) log.warn(`busy, for ${btoa(`me:${token}`)}`)\n          reject(refusal(answer))\n        }',
      ),
      code('send(options, agent, signal, lines)', 'send(options, agent, signal, lines, log)'),
      code('agent, signal, lines) {', 'agent, signal, lines, log) {'),
    ],
    fails: ['errors.secrets-hidden'],
  },
  {
    does: 'shows its password in base64 when it opens',
    base: 'output',
    changes: [
      code(
        'log.info(`writes to ${options.url}`)',
        'log.info(`Basic ${btoa(`conformance:${options.token}`)}`)',
      ),
    ],
    fails: ['options.secrets-hidden'],
  },
  {
    does: 'shows a password that stands within an option when it refuses',
    base: 'output',
    changes: [
      code(
        "      timeoutMs: { type: 'integer'",
        `      login: ${LOGIN},\n      timeoutMs: { type: 'integer'`,
      ),
      { file: 'options.schema.json', from: '"timeoutMs"', to: `"login": ${LOGIN},\n    "timeoutMs"` },
      code(
        "failure('the store cannot be reached', true, { cause })",
        'failure(`the store cannot be reached by ${JSON.stringify(login)}`, true, { cause })',
      ),
      code('function send({ url, token, timeoutMs }', 'function send({ url, token, timeoutMs, login }'),
    ],
    fails: ['options.secrets-hidden', 'errors.secrets-hidden'],
  },
  {
    does: 'logs its password where it subscribes',
    base: 'transport',
    changes: [
      code(
        "description: 'Where messages come from.' } },",
        "description: 'Where messages come from.' }, token: { type: 'string', writeOnly: true, description: 'What the peer wants to see.' } },",
      ),
      code(
        'async subscribe({ credit }, intake) {',
        'async subscribe({ credit }, intake, { log }) {\n        log.info(`as ${options.token}`)',
      ),
    ],
    fails: ['options.secrets-hidden'],
  },
  {
    does: 'says that the store cannot be reached, and not why',
    base: 'output',
    changes: [
      code(
        "failure('the store cannot be reached', true, { cause })",
        "failure('the store cannot be reached', true)",
      ),
      code("asked.on('error', (cause) =>", "asked.on('error', () =>"),
    ],
    fails: ['errors.cause'],
  },
  {
    does: 'keeps of an error what it says, and makes another one of that',
    base: 'output',
    changes: [
      code(
        "failure('the store cannot be reached', true, { cause })",
        "failure('the store cannot be reached', true, { cause: new Error(cause.message) })",
      ),
    ],
    fails: ['errors.cause'],
  },
  {
    does: 'connects only when it writes, and does not say why that fails',
    base: 'output',
    changes: [
      code('      await post([])\n', ''),
      code(
        "failure('the store cannot be reached', true, { cause })",
        "failure('the store cannot be reached', true)",
      ),
      code("asked.on('error', (cause) =>", "asked.on('error', () =>"),
    ],
    fails: ['errors.cause'],
  },
]
