import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Check } from '../check.ts'
import { PATIENCE } from '../time.ts'
import type { Note, Order, Setting, Verdict } from './protocol.ts'

/** Each costs its time; after so many it is known what kind of plugin it is. */
const MAX_LOST = 2
const IS_SOURCE = import.meta.filename.endsWith('.ts')
const SOURCES = new URL('./sources.ts', import.meta.url).href
const BENCH = fileURLToPath(new URL(IS_SOURCE ? './bench.ts' : './bench.js', import.meta.url))

/** Runs checks in a process of their own: a plugin that hangs or ends it costs its check, and a new process goes on. */
export class Lab {
  readonly #setting: Omit<Setting, 'closed'>
  #closed: string | undefined
  /** Checks that hung, or ended their process, or would have. */
  #lost = 0
  #process: ChildProcess | undefined
  /** One at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(setting: Omit<Setting, 'closed'>) {
    this.#setting = setting
  }

  /** How a check ended; never rejects. */
  run(check: Check): Promise<Verdict> {
    const verdict = this.#turn.then(() => this.#run(check))
    this.#turn = verdict
    return verdict
  }

  async close(): Promise<void> {
    await this.#turn
    this.#process?.kill('SIGKILL')
  }

  async #run({ id }: Check): Promise<Verdict> {
    if (this.#lost >= MAX_LOST)
      return {
        status: 'not-run',
        reason: `${MAX_LOST} checks hung, or threw where that ends the process: no more are tried`,
      }
    const bench = (this.#process ??= this.#start())
    const over = new AbortController()
    const verdict = await new Promise<Verdict>((resolve) => {
      const timer = setTimeout(() => resolve(this.#lose(hung())), PATIENCE.checkMs)
      over.signal.addEventListener('abort', () => clearTimeout(timer))
      const onMessage = (note: Note): void => {
        if (note.check !== id) return
        this.#closed = note.closed
        resolve(note.stray ? this.#lose(note.verdict) : note.verdict)
      }
      const onExit = (code: number | null, signal: string | null): void =>
        resolve(this.#lose(ended(code ?? signal)))
      bench.on('message', onMessage).once('exit', onExit)
      over.signal.addEventListener('abort', () => bench.off('message', onMessage).off('exit', onExit))
      bench.send({ check: id } satisfies Order, (error) => {
        if (error !== null) resolve(this.#lose(ended(bench.exitCode ?? error.message)))
      })
    })
    over.abort()
    // After a failure nobody knows what the plugin left: the next check begins with a clean process.
    if (verdict.status === 'failed') {
      bench.kill('SIGKILL')
      this.#process = undefined
    }
    return verdict
  }

  #lose(verdict: Verdict): Verdict {
    this.#lost++
    return verdict
  }

  #start(): ChildProcess {
    const bench = fork(
      BENCH,
      [JSON.stringify({ ...this.#setting, closed: this.#closed } satisfies Setting)],
      {
        execArgv: IS_SOURCE ? ['--import', SOURCES] : [],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        serialization: 'advanced',
      },
    )
    bench.stdout!.resume()
    bench.stderr!.resume()
    return bench
  }
}

function hung(): Verdict {
  return {
    status: 'failed',
    finding: {
      did: 'ran the check',
      saw: `it did not come to an end within ${PATIENCE.checkMs / 1000} s, its process was ended`,
      hint: 'A loop that never ends, or a wait that neither stop nor the signal ends.',
    },
  }
}

function ended(how: unknown): Verdict {
  return {
    status: 'failed',
    finding: {
      did: 'ran the check',
      saw: `the process ended meanwhile (${String(how)})`,
      hint: 'A plugin must not end the process; throw, or call context.fail.',
    },
  }
}
