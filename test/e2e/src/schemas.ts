/** The schema files that manifests name, made from the definitions: `npm run schemas` writes them, a test compares them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Definition } from '@smart-gateway/sdk'

const PLUGINS = resolve(import.meta.dirname, '../../../plugins')

/** Every schema file of the gateway's own plugins with the text that it should have. */
export async function schemaFiles(): Promise<{ readonly file: string; readonly text: string }[]> {
  const folders = readdirSync(PLUGINS).flatMap((kind) =>
    readdirSync(join(PLUGINS, kind)).map((name) => join(PLUGINS, kind, name)),
  )
  const files = await Promise.all(
    folders.map(async (folder) => {
      const { smartGateway: manifest } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        smartGateway: Record<string, string>
      }
      const module = (await import(pathToFileURL(join(folder, 'src/index.ts')).href)) as {
        default: Definition
      }
      const schemas = module.default as unknown as Record<string, unknown>
      return ['options', 'subscription'].flatMap((key) =>
        manifest[key] === undefined
          ? []
          : [{ file: join(folder, manifest[key]), text: `${JSON.stringify(schemas[key], undefined, 2)}\n` }],
      )
    }),
  )
  return files.flat()
}
