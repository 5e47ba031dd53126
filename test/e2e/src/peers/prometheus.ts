import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileOf } from './installed.ts'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'

/** What to scrape. */
export interface PrometheusOptions {
  /** `host:port` of each target, scraped at /metrics. */
  readonly targets: readonly string[]
  readonly intervalMs?: number
  /** Further lines inside the scrape_config, indented by four spaces. */
  readonly scrapeConfig?: readonly string[]
  /** Further arguments, for example `--web.enable-remote-write-receiver`. */
  readonly args?: readonly string[]
}

/** One element of an instant query's vector. */
export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [timeS: number, value: string]
}

/** A Prometheus that runs. */
export interface Prometheus {
  readonly url: string
  readonly folder: string
  /** Evaluates an expression now. Rejects with Prometheus' own words when it is not one. */
  query(expression: string): Promise<readonly PrometheusSample[]>
  log(): string
  /** Ends it and removes the folder. Calling it twice is fine. */
  stop(): Promise<void>
}

/** Starts Debian's Prometheus on a free loopback port in a folder of its own. */
export async function startPrometheus({
  targets,
  intervalMs = 1000,
  scrapeConfig = [],
  args = [],
}: PrometheusOptions): Promise<Prometheus> {
  const program = fileOf('prometheus')
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const file = join(folder, 'prometheus.yml')
  const lines = [
    'global:',
    `  scrape_interval: ${intervalMs}ms`,
    `  scrape_timeout: ${intervalMs}ms`,
    'scrape_configs:',
    '  - job_name: gateway',
    '    static_configs:',
    `      - targets: ${JSON.stringify(targets)}`,
    ...scrapeConfig,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const server = startProcess(
    program,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...args,
    ],
    { cwd: folder },
  )
  await server.ready(() =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  let stopped: Promise<void> | undefined

  async function stop(): Promise<void> {
    await server.terminate()
    await rm(folder, { recursive: true, force: true })
  }

  return {
    url,
    folder,
    log: () => server.log(),
    stop: () => (stopped ??= stop()),

    async query(expression) {
      const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expression })}`)
      const answer = (await response.json()) as {
        error?: string
        data?: { result: readonly PrometheusSample[] }
      }
      if (answer.data === undefined)
        throw new Error(`Prometheus refused the query ${expression}: ${answer.error}`)
      return answer.data.result
    },
  }
}
