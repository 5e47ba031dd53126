import { askGateway, noAnswer } from '../admin/admin-client.ts'
import type { Ledgers } from '../admin/ledger-routes.ts'
import { oneLine } from '../dead-letters/printing.ts'
import { readGatewayPlace } from '../dead-letters/settings.ts'
import type { GatewayPlace } from '../dead-letters/settings.ts'
import type { InstanceView } from '../registry/view.ts'
import { orExit } from './exit.ts'

/** `smart-gateway status`: prints what runs and both ledgers; what is wrong goes to standard error, and the exit status is 1 then. */
export async function status(file: string): Promise<void> {
  const place = orExit(() => readGatewayPlace(file))
  try {
    const ask = askerOf(place)
    const [readiness, { instances }, ledgers] = await Promise.all([
      ask<Readiness>('/health/ready', 503),
      ask<{ readonly instances: readonly InstanceView[] }>('/api/v1/instances'),
      ask<Ledgers>('/api/v1/ledger'),
    ])
    process.stdout.write(statusText(instances, ledgers))
    if (readiness.refused !== undefined)
      process.stdout.write(`\nnot all of the configuration runs: ${readiness.refused}\n`)
    const wrong = [...unready(readiness), ...unaccounted(ledgers)]
    if (wrong.length === 0) process.stdout.write('\nready, and everything is accounted for\n')
    else fail(wrong)
  } catch (error) {
    fail([(error as Error).message])
  }
}

interface Readiness {
  readonly ready: boolean
  readonly draining?: boolean
  /** Why a part of the configuration is not what runs. */
  readonly refused?: string
  readonly notReady: readonly { readonly name: string; readonly state: string; readonly reason?: string }[]
}

type Ask = <T>(path: string, otherStatus?: number) => Promise<T>

function askerOf(place: GatewayPlace): Ask {
  return async <T>(path: string, otherStatus = 200) => {
    const answered = await askGateway(place, path)
    if (answered === undefined) throw new Error(noAnswer(place))
    const { response, where } = answered
    const known = response.ok || response.status === otherStatus
    const answer: unknown = known ? await response.json().catch(() => undefined) : undefined
    if (answer === undefined)
      throw new Error(
        `what answers at ${where} does not know ${path} (status ${response.status}): is it this gateway, and recent enough?`,
      )
    return answer as T
  }
}

function statusText(instances: readonly InstanceView[], { messages, records }: Ledgers): string {
  const shown = instances.map(({ name, kind, state, sinceMs, reason = '' }) => {
    return { instance: name, kind, state, since: new Date(sinceMs).toISOString(), reason }
  })
  const tables = [shown, messages, records].filter((lines) => lines.length > 0).map(table)
  if (messages.length + records.length === 0) tables.push('nothing came in yet\n')
  const dead = messages.some(({ refused }) => refused > 0) || records.some(({ rejected }) => rejected > 0)
  if (dead) tables.push('what was refused or rejected: smart-gateway deadletter list\n')
  return tables.join('\n')
}

/** Lines with a column for each member, numbers at the right of theirs. */
function table(lines: readonly object[]): string {
  const names = Object.keys(lines[0]!)
  const numeric = Object.values(lines[0]!).map((value) => typeof value === 'number')
  const rows = [names.map(inWords), ...lines.map((line) => Object.values(line).map(String).map(oneLine))]
  const widths = names.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  const aligned = (cell: string, i: number): string =>
    numeric[i] === true ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)
  return rows.map((row) => `${row.map(aligned).join('  ').trimEnd()}\n`).join('')
}

function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function unready({ ready, draining, notReady }: Readiness): readonly string[] {
  if (ready) return []
  if (draining === true) return ['not ready: the gateway is stopping']
  return notReady.map(
    ({ name, state, reason }) =>
      `not ready: ${name} is ${state}${reason === undefined ? '' : `: ${oneLine(reason)}`}`,
  )
}

function unaccounted({ messages, records }: Ledgers): readonly string[] {
  const fault = 'a fault of the gateway; please report it'
  return [
    ...messages
      .filter(({ residual }) => residual !== 0)
      .map(({ residual, input }) => `${residual} messages of ${input} are unaccounted for: ${fault}`),
    ...records
      .filter(({ residual }) => residual !== 0)
      .map(
        (line) => `${line.residual} records of ${line.input} at ${line.output} are unaccounted for: ${fault}`,
      ),
  ]
}

function fail(messages: readonly string[]): void {
  for (const message of messages) process.stderr.write(`smart-gateway: ${message}\n`)
  process.exitCode = 1
}
