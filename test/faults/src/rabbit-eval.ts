import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { fileOf } from '../../e2e/src/peers/installed.ts'
import type { RabbitMq } from '../../e2e/src/peers/rabbitmq.ts'

/** Runs an Erlang expression in a broker. */
export async function rabbitEval(broker: RabbitMq, expression: string): Promise<void> {
  const command = join(dirname(fileOf('rabbitmq')), 'rabbitmqctl')
  const args = ['-n', `test${broker.port}@localhost`, 'eval', expression]
  const user =
    process.getuid?.() === 0 ? ['setpriv', '--reuid=rabbitmq', '--regid=rabbitmq', '--clear-groups'] : []
  const [program, ...rest] = [...user, command, ...args] as [string, ...string[]]
  await promisify(execFile)(program, rest, {
    cwd: broker.folder,
    env: environmentOf(broker),
    timeout: 20_000,
  })
}

/** What the broker itself was started with: its ports and its cookie's folder. */
function environmentOf({ folder }: RabbitMq): NodeJS.ProcessEnv {
  const pid = readFileSync(join(folder, 'pid'), 'utf8').trim()
  const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  return Object.fromEntries(pairs.flatMap((pair) => (pair.includes('=') ? [pair.split(/=(.*)/s, 2)] : [])))
}
