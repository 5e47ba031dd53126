import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Trial } from '../isolation.ts'
import { nameOf } from '../report/report.ts'
import { PATIENCE } from '../time.ts'
import type { Closed, Note, Order, Setting, Stray, Verdict, Wait } from './protocol.ts'

/** Each costs its time; after so many it is known what kind of plugin it is. */
const MAX_LOST = 2
/** As many are told of as are worth reading. */
const MAX_STRAYS = 20
const IS_SOURCE = import.meta.filename.endsWith('.ts')
const SOURCES = new URL('./sources.ts', import.meta.url).href
const BENCH = fileURLToPath(new URL(IS_SOURCE ? './bench.ts' : './bench.js', import.meta.url))

/** Runs checks in a process of their own: a plugin that hangs or ends it costs its check, and a new process goes on. */
export class Lab {
  readonly #setting: Omit<Setting, 'closed' | 'scratch'>
  readonly #scratch = mkdtempSync(join(tmpdir(), 'conformance-'))
  #closed: Closed = {}
  #profile: Note['profile']
  /** Checks that hung, ended their process, or could not begin. */
  #lost = 0
  readonly #strays: Stray[] = []
  #process: ChildProcess | undefined
  /** One at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(setting: Omit<Setting, 'closed' | 'scratch'>) {
    this.#setting = setting
  }

  /** What checks run in, once one has told. */
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

  async #run({ check: { id, level }, isolation }: Trial): Promise<Verdict> {
    if (this.#lost >= MAX_LOST)
      return {
        status: 'not-tried',
        reason: `${MAX_LOST} checks did not come to an end of their own: no more are tried`,
      }
    const bench = (this.#process ??= this.#start())
    const over = new AbortController()
    const {
      verdict,
      broken,
      strays = [],
      ...known
    } = await new Promise<Partial<Note> & Pick<Note, 'verdict' | 'broken'>>((resolve) => {
      const lose = (verdict: Verdict): void => resolve({ verdict, broken: true })
      let endMs = 0
      let timer: NodeJS.Timeout | undefined
      const grant = (ms: number): void => {
        const nowMs = performance.now()
        // A wait among others takes nothing away from them.
        endMs = ms === 0 ? nowMs + PATIENCE.checkMs : Math.max(endMs, nowMs + ms + PATIENCE.checkMs)
        clearTimeout(timer)
        timer = setTimeout(() => lose(hung()), endMs - nowMs)
      }
      grant(0)
      const onMessage = (said: Note | Wait): void => {
        if (said.check !== id || said.isolation !== isolation) return
        if ('waitsMs' in said) grant(said.waitsMs)
        else resolve(said)
      }
      const onExit = (code: number | null, signal: string | null): void => lose(ended(code ?? signal))
      bench.on('message', onMessage).once('exit', onExit)
      over.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        bench.off('message', onMessage).off('exit', onExit)
      })
      bench.send({ check: id, isolation, strays: this.#strays } satisfies Order, (error) => {
        if (error !== null) lose(ended(bench.exitCode ?? error.message))
      })
    })
    over.abort()
    if (broken) this.#lost++
    // A figure judges nobody: it may end in the midst of work.
    if (level !== 'report')
      this.#strays.push(...strays.map((message) => ({ during: nameOf({ id, isolation }), message })))
    this.#strays.length = Math.min(this.#strays.length, MAX_STRAYS)
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
