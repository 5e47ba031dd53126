import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Definition, JsonSchema } from '@smart-gateway/sdk'
import { importDefinition } from '../plugins/definition.ts'
import { readEntry } from '../plugins/manifest.ts'
import { optionsTable } from './options-table.ts'

/** A file of a plugin's package that says again what its code says. */
export interface DocumentedFile {
  readonly file: string
  /** What it holds; undefined where there is none. */
  readonly found: string | undefined
  /** What it should hold. */
  readonly text: string
}

/**
 * The files of a plugin's package that are made from its definition: the schema files that its manifest names, and its README with a
 * table between `<!-- options -->` and `<!-- /options -->` (a transport's subscription likewise). Imports the plugin, opens nothing.
 */
export async function documentedFiles(folder: string): Promise<readonly DocumentedFile[]> {
  const plugin = readEntry(folder)
  const definition = await importDefinition(plugin)
  const schemas = schemasOf(definition)
  const files = schemas.flatMap(([part, schema]) => {
    const named = plugin.manifest[part]
    return typeof named === 'string'
      ? [{ file: named, text: `${JSON.stringify(schema, undefined, 2)}\n` }]
      : []
  })
  const readme = contentOf(join(folder, 'README.md'))
  if (readme !== undefined) files.push({ file: 'README.md', text: withTables(readme, schemas) })
  return files.map(({ file, text }) => ({ file, text, found: contentOf(join(folder, file)) }))
}

type Part = 'options' | 'subscription'

function schemasOf(definition: Definition): readonly (readonly [Part, JsonSchema])[] {
  const options = ['options', definition.options] as const
  return definition.kind === 'transport' ? [options, ['subscription', definition.subscription]] : [options]
}

function withTables(readme: string, schemas: readonly (readonly [Part, JsonSchema])[]): string {
  let text = readme
  for (const [part, schema] of schemas) {
    const place = new RegExp(`(<!-- ${part} -->\n)[^]*?(<!-- /${part} -->)`)
    text = text.replace(place, (_, begin: string, end: string) => begin + optionsTable(schema) + end)
  }
  return text
}

function contentOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
