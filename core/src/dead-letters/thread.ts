/** The thread that holds the file: a commit blocks for as long as the disk takes. */
import { parentPort, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { GatewayError } from '../errors.ts'
import { LetterFile } from './letter-file.ts'
import type { LetterLimits, Totals } from './letter-file.ts'

type Method = 'add' | 'list' | 'get' | 'ids' | 'drop' | 'delivered' | 'refused'

/** One thing to do, by the name of LetterFile's method. */
export type Call = { [M in Method]: readonly [M, ...Parameters<LetterFile[M]>] }[Method]

/** What a call gives. */
export type Result<C extends Call> = ReturnType<LetterFile[C[0]]>

/** What the thread is told: calls that become one commit, or that it is over. */
export type Order = readonly Call[] | 'close'

/** What the thread tells first. */
export type Opening =
  | { readonly kind: 'opened'; readonly totals: Totals }
  | { readonly kind: 'unopened'; readonly message: string }

/** What the thread tells of each order of calls. */
export type Report =
  | { readonly kind: 'done'; readonly results: readonly unknown[]; readonly totals: Totals }
  | { readonly kind: 'undone'; readonly reason: string; readonly totals: Totals }

const { file, limits } = workerData as { readonly file: string; readonly limits: LetterLimits }
const port = parentPort as MessagePort
const tell = (report: Opening | Report): void => port.postMessage(report)

try {
  const letters = new LetterFile(file, limits)
  port.on('message', (order: Order) => {
    if (order === 'close') {
      letters.close()
      port.close()
    } else tell(outcome(letters, order))
  })
  tell({ kind: 'opened', totals: letters.totals })
} catch (error) {
  if (!(error instanceof GatewayError)) throw error
  tell({ kind: 'unopened', message: error.message })
}

function outcome(letters: LetterFile, calls: readonly Call[]): Report {
  try {
    const results = letters.together(() => calls.map((call) => perform(letters, call)))
    return { kind: 'done', results, totals: letters.totals }
  } catch (error) {
    return { kind: 'undone', reason: (error as Error).message, totals: letters.totals }
  }
}

function perform(letters: LetterFile, [method, ...parameters]: Call): unknown {
  return (letters[method] as (...parameters: readonly unknown[]) => unknown).apply(letters, parameters)
}
