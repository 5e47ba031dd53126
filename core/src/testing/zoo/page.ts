import { BEHAVIOURS, FATES } from './behaviours.ts'
import type { Behaviour, Fate, Species } from './behaviours.ts'

const NAMES: Readonly<Record<Species, string>> = {
  decoder: 'An input that decodes',
  source: 'An input that brings its records itself',
  filter: 'A filter (inline only)',
  output: 'An output',
  transport: 'A transport (inline only)',
}

/** Makes docs/misbehaviour.md from the table that the test of the zoo goes by. */
export function misbehaviourPage(): string {
  const sections = Object.entries(NAMES).map(([species, name]) => {
    const rows = BEHAVIOURS.filter((one) => one.species === species).map(rowOf)
    return `## ${name}

| at | what it does | inline | in a worker |
|---|---|---|---|
${rows.join('\n')}`
  })
  const fates = Object.entries(FATES).map(([fate, sentence]) => `| ${fate} | ${sentence} |`)
  return `# What becomes of a plugin that misbehaves

Each line is a plugin that a test swaps into a running gateway for a sound one, and out again for another
(\`core/src/testing/zoo\`). Whatever it does, its neighbours go on, every message is settled or kept once, and the ledgers balance. The zoo
runs without probation, which would put the generation before back by itself in most of these cases (\`hot-swap.md\`).

| word | means |
|---|---|
${fates.join('\n')}

${sections.join('\n\n')}
`
}

function rowOf({ stage, does, inline, worker }: Behaviour): string {
  const word = (fate: Fate | undefined): string => fate ?? '–'
  return `| ${stage} | ${does} | ${word(inline)} | ${word(worker)} |`
}
