import { spawn } from 'node:child_process'
import { until } from './until.ts'

const LOG_CHARACTERS = 1_000_000

/** A peer's process, the leader of a process group of its own. */
export interface PeerProcess {
  /** What it printed, both streams. */
  log(): string
  /** Waits until it is ready. Rejects with the end of its log when it ends before that, or at the deadline. */
  ready(condition: () => boolean | Promise<boolean>, deadlineMs?: number): Promise<void>
  /** Asks it to end, and ends it when it does not. */
  terminate(deadlineMs?: number): Promise<void>
  /** Ends it and its children at once. */
  kill(): Promise<void>
}

/** Starts a program. It ends with the test process, however that ends. */
export function startProcess(
  command: string,
  args: readonly string[],
  { cwd, env = process.env }: { cwd: string; env?: NodeJS.ProcessEnv },
): PeerProcess {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  let ended = false
  const keep = (chunk: Buffer) => void (text = (text + String(chunk)).slice(-LOG_CHARACTERS))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const exit = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      text += `\n${error.message}`
      ended = true
      resolve()
    })
    child.once('exit', () => {
      ended = true
      resolve()
    })
  })
  const standDown = child.pid === undefined ? () => undefined : guard(child.pid)

  async function kill(): Promise<void> {
    if (child.pid !== undefined) killGroup(child.pid)
    await exit
    standDown()
  }

  return {
    log: () => text,
    kill,

    async ready(condition, deadlineMs = 60_000) {
      try {
        await until(`${command} to be ready`, async () => ended || (await condition()), deadlineMs)
        if (ended) throw new Error(`${command} ended instead of becoming ready`)
      } catch (cause) {
        await kill()
        throw new Error(`${(cause as Error).message}. The end of its log:\n${text.slice(-2000)}`, { cause })
      }
    },

    async terminate(deadlineMs = 15_000) {
      if (!ended) child.kill('SIGTERM')
      const deadline = setTimeout(() => killGroup(child.pid!), deadlineMs)
      await exit
      clearTimeout(deadline)
      await kill()
    },
  }
}

/** Ends the group when this process goes without having said so: a pipe's end closes however a process dies. */
function guard(pid: number): () => void {
  const shell = spawn('sh', ['-c', 'read -r _ || kill -s KILL -- "-$1"', 'guard', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.unref()
  shell.stdin.on('error', () => undefined)
  ;(shell.stdin as unknown as { unref(): void }).unref()
  return () => void shell.stdin.end('done\n')
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
