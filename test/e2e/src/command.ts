import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './gateway-process.ts'
import type { Exit } from './gateway-process.ts'

/** A command in a process group of its own, with nothing on its standard input. */
export interface Command {
  stdout(): string
  stderr(): string
  readonly exited: Promise<Exit>
  /** Signals the process that was started, and none of its children. */
  kill(signal: NodeJS.Signals): void
  /** Ends what is left of the group. */
  end(): Promise<void>
}

/** Runs a command in a folder. It ends with the test process. */
export function runCommand(
  command: string,
  args: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
): Command {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (text.stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (text.stderr += String(chunk)))
  const exited = new Promise<Exit>((done, failed) => {
    child.once('error', failed)
    child.once('close', (code, signal) => done({ code, signal }))
  })
  const endGroup = (): void => killGroup(child.pid)
  process.once('exit', endGroup)
  const forget = (): void => void process.removeListener('exit', endGroup)
  exited.then(forget, forget)
  return {
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    exited,
    kill: (signal) => void child.kill(signal),
    async end() {
      endGroup()
      await exited
    },
  }
}

/** Runs `smart-gateway` in a folder. */
export function smartGateway(
  args: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
): Command {
  const bin = join(ROOT, 'core/bin/smart-gateway.js')
  return runCommand(process.execPath, [bin, ...args], cwd, environment)
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
