import { sampleOptions } from './sample-options.ts'
import type { Subject } from './subject.ts'

/** Options that lead to one port of this machine, whoever is there. */
export async function unreachable(subject: Subject, port: number): Promise<unknown> {
  const { definition, validator, author } = subject
  const base =
    author.options ?? sampleOptions(definition.options, validator, { port }) ?? (await subject.options())
  return subject.valid(definition.options, leadTo(base, port))
}

/** The same value with every address of this machine at another port. */
export function leadTo<T>(value: T, port: number): T {
  return withTexts(value, (text) => text.replace(/(127\.0\.0\.1|localhost|\[::1\]):\d+/g, `$1:${port}`))
}

/** The same value with every address of a protocol that has a form with TLS in that form. */
export function withTls<T>(value: T): T {
  return withTexts(value, (text) =>
    text.replace(/^(\w+):\/\//, (_, scheme: string) =>
      scheme === 'tcp' ? 'tls://' : `${scheme.replace(/s$/, '')}s://`,
    ),
  )
}

function withTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T
  if (Array.isArray(value)) return value.map((one: unknown) => withTexts(one, change)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withTexts(one, change)])) as T
}
