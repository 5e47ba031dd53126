/** The clauses of sdk/SPEC.md as a module of the conformance suite, which is published without it: `npm run docs` writes it. */
import { join } from 'node:path'
import { ROOT } from './gateway-process.ts'
import { readText } from './workspace.ts'

export const CLAUSES_FILE = join(ROOT, 'test/conformance/src/clauses.ts')

/** A clause of the contract and what stands below it. */
export interface SpecClause {
  readonly number: string
  readonly sentence: string
  /** The ids of the checks that hold it. */
  readonly checks: readonly string[]
}

/** All of them, those without checks as well. */
export function specClauses(): readonly SpecClause[] {
  const clauses = readText('sdk/SPEC.md').matchAll(/^- \*\*([A-Z]-\d+)\*\* (.+)(?:\n {2}Checks: (.+))?$/gm)
  return [...clauses].map(([, number, sentence, checks]) => ({
    number: number!,
    sentence: sentence!,
    checks: checks?.split(', ') ?? [],
  }))
}

/** As the formatter would leave it. */
export function clausesModule(clauses: readonly SpecClause[]): string {
  const members = clauses.map(({ number, sentence }) => {
    const line = `  '${number}': ${literal(sentence)},`
    return line.length <= 110 ? line : `  '${number}':\n    ${literal(sentence)},`
  })
  return `/** The clauses of the contract, made from SPEC.md of the SDK by \`npm run docs\`. */
export const CLAUSES = {
${members.join('\n')}
} as const

export type ClauseNumber = keyof typeof CLAUSES
`
}

function literal(text: string): string {
  const singles = text.split("'").length
  const doubles = text.split('"').length
  const quote = singles > doubles ? '"' : "'"
  return `${quote}${text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)}${quote}`
}
