import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileOf } from './installed.ts'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'

/** How it passes alerts on. */
export interface AlertmanagerOptions {
  /** Where it posts its notifications; nowhere when left out. */
  readonly webhook?: string
  /** After how long an alert that nobody sends again is over, for example `2s`. */
  readonly resolveTimeout?: string
  /** Its web configuration file: TLS and who may come in. */
  readonly web?: object
}

/** One alert as its API shows it. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL?: string
}

/** An Alertmanager that runs. */
export interface Alertmanager {
  readonly url: string
  /** The alerts that are not over. */
  alerts(): Promise<readonly ActiveAlert[]>
  log(): string
  /** Ends it and removes the folder. Calling it twice is fine. */
  stop(): Promise<void>
}

/** Starts Debian's Alertmanager on a free loopback port in a folder of its own. */
export async function startAlertmanager({
  webhook,
  resolveTimeout = '1h',
  web = {},
}: AlertmanagerOptions = {}): Promise<Alertmanager> {
  const program = fileOf('alertmanager')
  const folder = await mkdtemp(join(tmpdir(), 'alertmanager-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const file = join(folder, 'alertmanager.yml')
  const receiver = {
    name: 'receiver',
    ...(webhook !== undefined && { webhook_configs: [{ url: webhook, send_resolved: true }] }),
  }
  const route = {
    receiver: 'receiver',
    group_by: ['alertname', 'instance'],
    group_wait: '100ms',
    group_interval: '100ms',
  }
  // JSON is YAML.
  const configuration = { global: { resolve_timeout: resolveTimeout }, route, receivers: [receiver] }
  await writeFile(file, JSON.stringify(configuration))
  const webFile = join(folder, 'web.yml')
  await writeFile(webFile, JSON.stringify(web))
  const server = startProcess(
    program,
    [
      `--config.file=${file}`,
      `--web.config.file=${webFile}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    { cwd: folder },
  )
  await server.ready(() => server.log().includes('msg="Listening on"'))
  let stopped: Promise<void> | undefined

  async function stop(): Promise<void> {
    await server.terminate()
    await rm(folder, { recursive: true, force: true })
  }

  return {
    url,
    log: () => server.log(),
    stop: () => (stopped ??= stop()),

    async alerts() {
      const response = await fetch(`${url}/api/v2/alerts`)
      return (await response.json()) as readonly ActiveAlert[]
    },
  }
}
