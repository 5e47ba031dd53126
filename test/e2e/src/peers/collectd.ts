import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileOf } from './installed.ts'
import { startProcess } from './process.ts'

/** How to run collectd. */
export interface CollectdOptions {
  /** What is written where: fragments of collectd.conf, for example those of `amqpWriter` and `httpWriter`. */
  readonly write: readonly string[]
  readonly hostname?: string
  /** Seconds between two readings. */
  readonly interval?: number
  /** The inside of `<Plugin threshold>`, to provoke notifications. */
  readonly threshold?: string
  /** Fragments of collectd.conf that load further read plugins. */
  readonly read?: readonly string[]
}

/** A collectd that runs and reads cpu, memory and load. */
export interface Collectd {
  readonly folder: string
  /** Gives its unixsock plugin one command, for example `PUTVAL "host/plugin-a/gauge-b" interval=10 N:1`, and returns the answer. */
  command(line: string): Promise<string>
  log(): string
  /** Ends it and removes the folder. Calling it twice is fine. */
  stop(): Promise<void>
}

/** Writes to an AMQP 0-9-1 exchange, which it declares transient, one value list per message. */
export function amqpWriter({
  port,
  exchange = 'collectd',
  lines = [],
}: {
  port: number
  exchange?: string
  lines?: readonly string[]
}): string {
  return `LoadPlugin amqp
<Plugin amqp>
  <Publish "gateway">
    Host "127.0.0.1"
    Port "${port}"
    VHost "/"
    User "guest"
    Password "guest"
    Exchange "${exchange}"
    ExchangeType "topic"
    Format "JSON"
    ${lines.join('\n    ')}
  </Publish>
</Plugin>`
}

/** Sends value lists to `collectd/telemetry` and notifications to `collectd/notify` over AMQP 1.0. */
export function amqp1Writer({ port }: { port: number }): string {
  return `LoadPlugin amqp1
<Plugin amqp1>
  <Transport "gateway">
    Host "127.0.0.1"
    Port "${port}"
    Address "collectd"
    RetryDelay 1
    <Instance "telemetry">
      Format JSON
      PreSettle false
    </Instance>
    <Instance "notify">
      Format JSON
      Notify true
      PreSettle false
    </Instance>
  </Transport>
</Plugin>`
}

/** Posts batches of value lists, and notifications, to a URL. */
export function httpWriter({ url, lines = [] }: { url: string; lines?: readonly string[] }): string {
  return `LoadPlugin write_http
<Plugin write_http>
  <Node "gateway">
    URL "${url}"
    Format "JSON"
    Notifications true
    ${lines.join('\n    ')}
  </Node>
</Plugin>`
}

/** Starts Debian's collectd in a folder of its own. */
export async function startCollectd(options: CollectdOptions): Promise<Collectd> {
  const program = fileOf('collectd')
  const folder = await mkdtemp(join(tmpdir(), 'collectd-'))
  const socket = join(folder, 'socket')
  const file = join(folder, 'collectd.conf')
  await writeFile(file, configuration(options, folder, socket))
  const daemon = startProcess(program, ['-f', '-C', file], { cwd: folder })
  await daemon.ready(async () => (await ask(socket, 'LISTVAL').catch(() => '')) !== '')
  let stopped: Promise<void> | undefined

  async function stop(): Promise<void> {
    await daemon.terminate()
    await rm(folder, { recursive: true, force: true })
  }

  return {
    folder,
    command: (line) => ask(socket, line),
    log: () => daemon.log(),
    stop: () => (stopped ??= stop()),
  }
}

function configuration(
  { write, hostname = 'test.example', interval = 1, threshold, read = [] }: CollectdOptions,
  folder: string,
  socket: string,
): string {
  const thresholds =
    threshold === undefined ? [] : [`LoadPlugin threshold\n<Plugin threshold>\n${threshold}\n</Plugin>`]
  const lines = [
    `Hostname "${hostname}"`,
    'FQDNLookup false',
    `Interval ${interval}`,
    `BaseDir "${folder}"`,
    `PIDFile "${join(folder, 'pid')}"`,
    'PluginDir "/usr/lib/collectd"',
    'TypesDB "/usr/share/collectd/types.db"',
    'LoadPlugin cpu',
    'LoadPlugin memory',
    'LoadPlugin load',
    `LoadPlugin unixsock\n<Plugin unixsock>\n  SocketFile "${socket}"\n  SocketPerms "0600"\n</Plugin>`,
    ...thresholds,
    ...read,
    ...write,
  ]
  return `${lines.join('\n')}\n`
}

/** One command, one answer: its first line says how many more follow. */
function ask(socket: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const connection = connect(socket, () => connection.write(`${line}\n`))
    connection.on('error', reject)
    connection.on('close', () => reject(new Error('collectd closed its socket')))
    connection.on('data', (chunk) => {
      answer += String(chunk)
      const more = Number.parseInt(answer, 10)
      if (answer.split('\n').length - 1 < 1 + Math.max(more, 0)) return
      resolve(answer)
      connection.destroy()
    })
  })
}
