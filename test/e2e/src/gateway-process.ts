import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { InstanceView } from '@smart-gateway/core'
import { freePort } from './peers/ports.ts'
import { until } from './peers/until.ts'
import { RUN_FLAGS } from './run-flags.ts'

/** The folder of the workspace. */
export const ROOT = resolve(import.meta.dirname, '../../..')
/** A suite that measures asks for what is published, run as `npm start` runs it: of sources Node strips the types, at each import. */
const COMMAND: readonly string[] =
  process.env['SMART_GATEWAY_BUILT'] === undefined
    ? [join(ROOT, 'core/bin/smart-gateway.js')]
    : [...RUN_FLAGS, join(ROOT, 'core/dist/cli/main.js')]

/** How a gateway's process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A gateway in a process and a folder of its own. */
export interface GatewayProcess {
  readonly folder: string
  readonly adminUrl: string
  readonly pid: number
  stdout(): string
  stderr(): string
  /** What /api/v1/instances says of one instance. */
  instance(name: string): Promise<InstanceView>
  /** One value of the gateway's own metrics by its line up to the value; 0 when there is no such line. */
  metric(line: string): Promise<number>
  /** Waits until /health/ready says yes. */
  ready(): Promise<void>
  kill(signal: NodeJS.Signals): void
  readonly exited: Promise<Exit>
  /** Starts another process on the same folder once this one has ended. */
  again(): Promise<GatewayProcess>
  /** Ends it if need be and removes the folder. */
  remove(): Promise<void>
}

/** What a gateway's folder holds beside the text that it is started with. */
export interface Setting {
  /** Puts files into the folder before the start. */
  readonly before?: (folder: string) => void
  /** One more line of `gateway`. */
  readonly settings?: string
  /** Token of the admin listener. */
  readonly token?: string
}

/** Writes `startup.yaml` into a new folder and runs the gateway on it. Its admin listener gets a free port. */
export async function startGateway(
  startup: string,
  environment: NodeJS.ProcessEnv = {},
  { before, settings = '', token }: Setting = {},
): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'))
  const port = await freePort()
  before?.(folder)
  const admin = token === undefined ? `port: ${port}` : `port: ${port}, token: ${JSON.stringify(token)}`
  const head = `gateway:\n  admin: { ${admin} }\n  ${settings}\n`
  await writeFile(join(folder, 'startup.yaml'), head + startup)
  return run(folder, port, environment)
}

function run(folder: string, adminPort: number, environment: NodeJS.ProcessEnv): GatewayProcess {
  const adminUrl = `http://127.0.0.1:${adminPort}`
  const child = spawn(process.execPath, [...COMMAND, 'run', 'startup.yaml'], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (text.stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (text.stderr += String(chunk)))
  const exited = new Promise<Exit>((done) => child.once('close', (code, signal) => done({ code, signal })))
  const atExit = (): void => void child.kill('SIGKILL')
  process.once('exit', atExit)
  void exited.then(() => process.removeListener('exit', atExit))
  const get = async (path: string): Promise<Response | undefined> =>
    fetch(adminUrl + path).catch(() => undefined)
  return {
    folder,
    adminUrl,
    pid: child.pid!,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    exited,
    kill: (signal) => void child.kill(signal),
    async instance(name) {
      const { instances } = (await (await fetch(`${adminUrl}/api/v1/instances`)).json()) as {
        instances: InstanceView[]
      }
      return instances.find((instance) => instance.name === name)!
    },
    async metric(line) {
      const page = (await (await get('/metrics'))?.text()) ?? ''
      return Number(
        page
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.slice(line.length + 1) ?? 0,
      )
    },
    async ready() {
      const ended = exited.then(({ code }) => {
        throw new Error(`the gateway ended with ${code} instead of becoming ready:\n${text.stderr}`)
      })
      const ready = until('the gateway to be ready', async () => (await get('/health/ready'))?.ok, 30_000)
      await Promise.race([ready, ended]).catch((error: Error) => {
        throw new Error(`${error.message}\n${text.stderr.slice(-3000)}`, { cause: error })
      })
    },
    async again() {
      await exited
      return run(folder, adminPort, environment)
    },
    async remove() {
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
