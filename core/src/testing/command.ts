import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'

const BIN = resolve(import.meta.dirname, '../../bin/smart-gateway.js')

/** The `smart-gateway` command as a process of its own. */
export interface Command {
  readonly pid: number
  readonly stdout: string
  readonly stderr: string
  /** Resolves with the exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  kill(signal: NodeJS.Signals): void
  /** Reads no more of its standard output, whose end it is then told of. */
  hangUp(): void
}

/** Starts the command; it is killed with the test if it still runs. */
export function startCommand(
  parameters: readonly string[],
  folder: string,
  environment: NodeJS.ProcessEnv = {},
): Command {
  const child = spawn(process.execPath, [BIN, ...parameters], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (written.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (written.stderr += text))
  const ended = new Promise<number | NodeJS.Signals>((done, fail) => {
    child.once('error', fail)
    child.once('close', (status, signal) => done(status ?? signal!))
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    pid: child.pid!,
    get stdout() {
      return written.stdout
    },
    get stderr() {
      return written.stderr
    },
    ended,
    kill: (signal) => void child.kill(signal),
    hangUp: () => void child.stdout.destroy(),
  }
}
