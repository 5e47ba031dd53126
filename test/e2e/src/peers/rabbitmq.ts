import { execFileSync } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { fileOf } from './installed.ts'
import { freePorts } from './ports.ts'
import { startProcess } from './process.ts'
import type { PeerProcess } from './process.ts'

/** PEM files for a TLS listener. */
export interface TlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** How to run the broker. */
export interface RabbitMqOptions {
  /** Plugins to enable, for example `rabbitmq_amqp1_0`. Those with a port of their own need lines in `config` that put it on a free loopback one. */
  readonly plugins?: readonly string[]
  /** Further lines of rabbitmq.conf. */
  readonly config?: readonly string[]
  /** Also listens with TLS. */
  readonly tls?: TlsFiles
}

/** A broker that runs; guest/guest may do everything. */
export interface RabbitMq {
  readonly url: string
  readonly port: number
  /** Where TLS is spoken, when it was asked for. */
  readonly tlsPort: number
  readonly folder: string
  log(): string
  /** Ends the broker properly; its data stay. A killed one may forget a queue that was declared a moment ago. */
  halt(): Promise<void>
  /** Halts the broker if it runs, and starts it again on the same ports with the same data. */
  restart(): Promise<void>
  /** Ends everything and removes the folder. Calling it twice is fine. */
  stop(): Promise<void>
}

/** Starts Debian's RabbitMQ on free loopback ports in a folder of its own; about 6 s. */
export async function startRabbitMq({
  plugins = [],
  config = [],
  tls,
}: RabbitMqOptions = {}): Promise<RabbitMq> {
  const script = fileOf('rabbitmq')
  const folder = await mkdtemp(join(tmpdir(), 'rabbitmq-'))
  const [port, tlsPort, distPort, epmdPort] = (await freePorts(4)) as [number, number, number, number]
  const at = (name: string) => join(folder, name)
  const user =
    process.getuid?.() === 0 ? ['--reuid=rabbitmq', '--regid=rabbitmq', '--clear-groups'] : undefined

  for (const name of ['mnesia', 'log', 'home']) await mkdir(at(name))
  await writeFile(at('enabled_plugins'), `[${plugins.join(',')}].`)
  await writeFile(at('home/.erlang.cookie'), 'smart-gateway-test', { mode: 0o400 })
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'log.console = true',
    'log.file = false',
    'vm_memory_high_watermark.absolute = 2GB',
    'disk_free_limit.absolute = 50MB',
    ...(tls === undefined ? [] : await tlsLines(tls, tlsPort, folder)),
    ...config,
  ]
  await writeFile(at('rabbitmq.conf'), `${lines.join('\n')}\n`)
  if (user !== undefined) {
    execFileSync('chown', ['-R', 'rabbitmq:rabbitmq', folder])
    await chmod(folder, 0o755)
  }

  const env = {
    PATH: process.env['PATH'],
    HOME: at('home'),
    RABBITMQ_NODENAME: `test${port}@localhost`,
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    // Makes the script become the broker instead of waiting for it.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_PID_FILE: at('pid'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
  const start = (command: string, args: readonly string[]): PeerProcess =>
    user === undefined
      ? startProcess(command, args, { cwd: folder, env })
      : startProcess('setpriv', [...user, command, ...args], { cwd: folder, env })

  const url = `amqp://guest:guest@127.0.0.1:${port}`
  // Erlang would start one of its own that outlives the broker; this one is ours to end.
  const epmd = start('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'])
  let broker = await startBroker().catch(async (error: unknown) => {
    await end(epmd)
    throw error
  })
  let stopped: Promise<void> | undefined

  async function startBroker(): Promise<PeerProcess> {
    const started = start(script, [])
    await started.ready(() => accepts(url))
    return started
  }

  async function end(...processes: readonly PeerProcess[]): Promise<void> {
    await Promise.all(processes.map((one) => one.kill()))
    await rm(folder, { recursive: true, force: true })
  }

  return {
    url,
    port,
    tlsPort,
    folder,
    log: () => broker.log(),
    halt: () => broker.terminate(),
    stop: () => (stopped ??= end(broker, epmd)),

    async restart() {
      await broker.terminate()
      broker = await startBroker()
    },
  }
}

async function accepts(url: string): Promise<boolean> {
  try {
    const model = await connect(url, { timeout: 2000 })
    await model.close()
    return true
  } catch {
    return false
  }
}

async function tlsLines({ ca, cert, key }: TlsFiles, port: number, folder: string): Promise<string[]> {
  const own = async (file: string, name: string) => {
    await copyFile(file, join(folder, name))
    return join(folder, name)
  }
  return [
    `listeners.ssl.1 = 127.0.0.1:${port}`,
    `ssl_options.cacertfile = ${await own(ca, 'ca.pem')}`,
    `ssl_options.certfile = ${await own(cert, 'cert.pem')}`,
    `ssl_options.keyfile = ${await own(key, 'key.pem')}`,
    'ssl_options.verify = verify_none',
  ]
}
