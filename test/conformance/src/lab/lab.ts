import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Trial } from '../isolation.ts'
import type { Closed } from '../subject/subject.ts'
import { PATIENCE } from '../time.ts'
import type { Note, Order, Setting, Verdict } from './protocol.ts'

/** Each costs its time; after so many it is known what kind of plugin it is. */
const MAX_LOST = 2
const IS_SOURCE = import.meta.filename.endsWith('.ts')
const SOURCES = new URL('./sources.ts', import.meta.url).href
const BENCH = fileURLToPath(new URL(IS_SOURCE ? './bench.ts' : './bench.js', import.meta.url))

/** Runs checks in a process of their own: a plugin that hangs or ends it costs its check, and a new process goes on. */
export class Lab {
  readonly #setting: Omit<Setting, 'closed' | 'scratch'>
  readonly #scratch = mkdtempSync(join(tmpdir(), 'conformance-'))
  #closed: Closed = {}
  #profile: Note['profile'] = 'core'
  /** Checks that hung, ended their process or would have, or could not begin. */
  #lost = 0
  #process: ChildProcess | undefined
  /** One at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(setting: Omit<Setting, 'closed' | 'scratch'>) {
    this.#setting = setting
  }

  /** What the last check ran in. */
  get profile(): Note['profile'] {
    return this.#profile
  }

  /** How a check ended; never rejects. */
  run(trial: Trial): Promise<Verdict> {
    const verdict = this.#turn.then(() => this.#run(trial))
    this.#turn = verdict
    return verdict
  }

  async close(): Promise<void> {
    await this.#turn
    this.#process?.kill('SIGKILL')
    rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 3 })
  }

  async #run({ check: { id }, isolation }: Trial): Promise<Verdict> {
    if (this.#lost >= MAX_LOST)
      return {
        status: 'not-run',
        reason: `${MAX_LOST} checks did not come to an end of their own: no more are tried`,
      }
    const bench = (this.#process ??= this.#start())
    const over = new AbortController()
    const { verdict, stray, ...known } = await new Promise<Partial<Note> & Pick<Note, 'verdict' | 'stray'>>(
      (resolve) => {
        const lose = (verdict: Verdict): void => resolve({ verdict, stray: true })
        const timer = setTimeout(() => lose(hung()), PATIENCE.checkMs)
        const onMessage = (note: Note): void => {
          if (note.check === id && note.isolation === isolation) resolve(note)
        }
        const onExit = (code: number | null, signal: string | null): void => lose(ended(code ?? signal))
        bench.on('message', onMessage).once('exit', onExit)
        over.signal.addEventListener('abort', () => {
          clearTimeout(timer)
          bench.off('message', onMessage).off('exit', onExit)
        })
        bench.send({ check: id, isolation } satisfies Order, (error) => {
          if (error !== null) lose(ended(bench.exitCode ?? error.message))
        })
      },
    )
    over.abort()
    if (stray) this.#lost++
    this.#closed = known.closed ?? this.#closed
    this.#profile = known.profile ?? this.#profile
    // After a failure nobody knows what the plugin left: the next check begins with a clean process.
    if (verdict.status === 'failed') {
      bench.kill('SIGKILL')
      this.#process = undefined
    }
    return verdict
  }

  #start(): ChildProcess {
    const bench = fork(
      BENCH,
      [JSON.stringify({ ...this.#setting, closed: this.#closed, scratch: this.#scratch } satisfies Setting)],
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
