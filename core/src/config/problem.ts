import { closest, distance } from 'fastest-levenshtein'

/** One mistake in a configuration, told so that a person can mend it. */
export interface Problem {
  /** `startup.yaml`, or `config` for an object. */
  readonly file: string
  /** Counted from 1; absent for an object. */
  readonly line?: number
  readonly column?: number
  /** Where in the configuration, for example `outputs.loki.options.url`. */
  readonly path: string
  /** What is wrong and what would be right. Never holds a value that may be a secret. */
  readonly message: string
}

/** `startup.yaml:12:7 outputs.loki.options.url: must be a URL` */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`
  return path === '' ? `${place} ${message}` : `${place} ${path}: ${message}`
}

/** A configuration that cannot be used, with every mistake in it. */
export class ConfigError extends Error {
  readonly code = 'SG_CONFIG_INVALID'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`
    super(
      `the configuration has ${count}:\n${problems.map((problem) => `  ${formatProblem(problem)}`).join('\n')}`,
    )
    this.problems = problems
  }
}

/** `; did you mean "prefetch"?` when a known word is near enough, else nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return ''
  const best = closest(word, known)
  const near = distance(word, best) <= Math.max(1, Math.floor(best.length / 3))
  return near || lettersOf(word) === lettersOf(best) ? `; did you mean "${best}"?` : ''
}

// Two letters that changed places are the commonest slip, and count as two changes.
function lettersOf(word: string): string {
  return [...word].sort().join('')
}
