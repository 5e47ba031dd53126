import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files of a plugin package, by name; what is not a string is written as JSON, undefined not at all. */
export type Files = Readonly<Record<string, unknown>>

/** Writes a plugin package: a manifest of the given kind and an empty module, where `files` does not say otherwise. */
export function writePlugin(folder: string, kind: string, files: Files = {}): string {
  const all: Files = {
    'package.json': {
      name: `test-${kind}`,
      version: '1.0.0',
      type: 'module',
      main: 'index.js',
      smartGateway: { api: 1, kind, ...schemasIn(files) },
    },
    'index.js': '',
    ...files,
  }
  for (const [name, content] of Object.entries(all)) {
    if (content === undefined) continue
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

function schemasIn(files: Files): Record<string, string> {
  return {
    ...('options.schema.json' in files && { options: './options.schema.json' }),
    ...('subscription.schema.json' in files && { subscription: './subscription.schema.json' }),
  }
}
