import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { InstanceView } from '@smart-gateway/core'
import { pick } from '@smart-gateway/sdk/testing'
import { startGateway } from '../../../e2e/src/gateway-process.ts'
import type { GatewayProcess } from '../../../e2e/src/gateway-process.ts'
import { freePort } from '../../../e2e/src/peers/ports.ts'
import { accountOf } from '../account.ts'
import { edited } from '../edit.ts'
import type { Extra, Pool } from '../edit.ts'
import { openEditor } from '../editor.ts'
import { declare, startGenerator } from '../generator.ts'
import { LEDGER } from '../plugin-versions.ts'
import { inWords, spreadOf } from '../quantile.ts'
import { restOf } from '../rest.ts'
import type { Scenario, Setting } from '../scenario.ts'
import { writeStrangers } from '../strangers.ts'
import { TOKEN } from '../swapper.ts'

const PER_SECOND = 1000

/** Edits of startup.yaml by somebody who is not careful, under load, beside instances that have no mistake and that no edit touches. */
export const edits: Scenario = {
  name: 'edits',
  async play(setting) {
    const queue = `soak-${process.pid}-edits`
    await declare(setting.broker.url, queue, `${queue}-other`)
    const sound = soundOf(setting.broker.url, queue)
    let strangers: readonly string[] = []
    const before = (folder: string): void => void (strangers = writeStrangers(folder))
    // What hangs shall not hold up the edits that follow for long.
    const folder = { before, token: TOKEN, settings: 'drain: 1s' }
    const gateway = await startGateway(textOf(sound, {}), {}, folder)
    try {
      await gateway.ready()
      const generator = await startGenerator(setting.broker.url, queue, PER_SECOND)
      const pool = await poolOf(strangers, `${queue}-other`)
      const { tookMs, flaws } = await edit(gateway, sound, pool, setting)
      const sent = await generator.stop()
      const ledger = join(gateway.folder, 'sound.ledger')
      const { balance, ...rest } = await restOf(gateway, 'the sound instances', ledger, sent)
      const account = await accountOf(gateway)
      const { refused = 0, succeeded = 0, partly = 0 } = account.outcomes
      return {
        done: { edits: tookMs.length, refused, taken: succeeded + partly, messages: sent },
        figures: {
          ledger: `${balance.lost} of ${sent} lost, ${balance.duplicates} duplicates`,
          changes: JSON.stringify(account.outcomes),
          'an edit': inWords(spreadOf(tookMs)),
          'a message': inWords(spreadOf(balance.tookMs)),
        },
        flaws: [...flaws, ...rest.flaws, ...account.flaws],
        misses: [],
      }
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${gateway.stderr().slice(-2000)}`, { cause: error })
    } finally {
      await gateway.remove()
    }
  },
}

/** Edits until it is enough, or until something is wrong: what comes after that tells less. */
async function edit(
  gateway: GatewayProcess,
  sound: Extra,
  pool: Pool,
  { random, full }: Setting,
): Promise<{ readonly tookMs: readonly number[]; readonly flaws: string[] }> {
  const editor = openEditor(gateway, textOf(sound, {}))
  const tookMs: number[] = []
  const flaws: string[] = []
  let extra: Extra = {}
  while (tookMs.length < (full ? 1000 : 60) && flaws.length === 0) {
    // Mistakes pile up; now and then a person begins anew.
    if (random() < 0.25) extra = {}
    extra = edited(extra, pool, random)
    const text = random() < 0.05 ? 'outputs: [' : textOf(sound, extra)
    editor.write(text, pick(['renamed', 'in place'] as const, random))
    const startMs = performance.now()
    // Some are left to who watches the file, and may meet the next one.
    if (random() < 0.8) await editor.reload(random() < 0.2)
    else await delay(random() * 300)
    tookMs.push(performance.now() - startMs)
    for (const flaw of await touched(gateway, sound))
      flaws.push(`edit ${tookMs.length}: ${flaw}: ${JSON.stringify(extra)}`)
  }
  editor.write(textOf(sound, {}), 'renamed')
  await editor.reload(false)
  return { tookMs, flaws: [...flaws, ...(await touched(gateway, sound))] }
}

/** What no edit may do: another generation of a sound instance, or one that does not work. */
async function touched({ adminUrl }: GatewayProcess, sound: Extra): Promise<readonly string[]> {
  const answer = await fetch(`${adminUrl}/api/v1/instances`)
  const { instances } = (await answer.json()) as { instances: readonly InstanceView[] }
  const names = Object.values(sound).flatMap((section) => Object.keys(section))
  return names.flatMap((name) => {
    const { state, generation } = instances.find((one) => one.name === name) ?? {}
    return state === 'ready' && generation === 1
      ? []
      : [`${name} is ${state ?? 'gone'}, generation ${generation}`]
  })
}

function soundOf(url: string, queue: string): Extra {
  return {
    transports: { bus: { plugin: 'amqp', options: { url } } },
    inputs: { numbers: { plugin: 'collectd', from: { transport: 'bus', queue, prefetch: 500 } } },
    outputs: {
      ledger: {
        plugin: LEDGER,
        isolation: 'inline',
        from: ['numbers'],
        options: { path: './sound.ledger' },
      },
    },
  }
}

async function poolOf(strangers: readonly string[], queue: string): Promise<Pool> {
  const optional = { required: false }
  return {
    outputs: [
      ...[...strangers, './nowhere'].map((plugin) => ({ plugin, ...optional })),
      { plugin: 'prometheus', options: { port: 0 }, ...optional },
      { plugin: 'prometheus', options: { port: await freePort() }, ...optional },
      { plugin: 'file', options: { path: './other.ndjson', fsync: 'never' }, ...optional },
    ],
    inputs: [
      { plugin: 'collectd', from: { transport: 'bus', queue } },
      { plugin: 'collectd', from: { transport: 'bus', queue: `${queue}-not-declared` } },
      { plugin: 'logs', from: { transport: 'gone', queue } },
      { plugin: 'collectd', isolation: 'worker', from: { transport: 'transports-a', path: '/x' } },
    ],
    transports: [
      { plugin: 'http', options: { port: 0 } },
      { plugin: 'amqp', options: { url: `amqp://guest:guest@127.0.0.1:${await freePort()}` } },
    ],
  }
}

/** startup.yaml with the sound instances and others; JSON is YAML, too. */
function textOf(sound: Extra, extra: Extra): string {
  return Object.entries(sound)
    .map(([section, instances]) => `${section}: ${JSON.stringify({ ...extra[section], ...instances })}\n`)
    .join('')
}
