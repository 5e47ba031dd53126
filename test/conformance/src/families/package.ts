import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import { inThread } from '../lab/in-thread.ts'
import { importDefinition } from '../subject/definition.ts'
import { closureOf, nativeFilesIn } from '../subject/dependencies.ts'
import { importedPackages } from '../subject/imports.ts'
import { messageOf } from '../subject/message.ts'
import { target } from '../subject/plugin-package.ts'

/** What lies in the package, looked at without opening the plugin. */
export const PACKAGE: readonly Check[] = [
  {
    id: 'package.manifest',
    level: 'must',
    clauses: ['P-1'],
    kinds: KINDS,
    async run({ plugin: { json, folder } }) {
      const did = 'read package.json'
      const hint = 'The gateway reads it before it runs any of the code.'
      const { api, ...rest } = json['smartGateway'] as Record<string, unknown>
      ensure(api === 1, { did, saw: `its smartGateway.api is ${JSON.stringify(api)}, not 1`, hint })
      for (const key of ['name', 'version'])
        ensure(typeof json[key] === 'string' && json[key] !== '', { did, saw: `it has no ${key}`, hint })
      for (const key of ['options', 'subscription']) {
        const file = rest[key]
        if (file !== undefined)
          ensure(isJsonFile(folder, file), {
            did,
            saw: `its smartGateway.${key} names no JSON file: ${String(file)}`,
            hint,
          })
      }
    },
  },
  {
    id: 'package.exports',
    level: 'must',
    clauses: ['P-4'],
    kinds: KINDS,
    async run({ plugin: { entry, json } }) {
      ensure(entry !== undefined, {
        did: 'looked for the module that package.json exports',
        saw: `none of those named exists: ${JSON.stringify(json['exports'] ?? json['main'])}`,
        hint: 'Build the package first, or mend `exports`.',
      })
    },
  },
  {
    id: 'package.definition',
    level: 'must',
    clauses: ['P-2', 'P-3', 'O-8'],
    kinds: KINDS,
    async run({ plugin }) {
      await importDefinition(plugin).catch((error: unknown) =>
        fail({
          did: 'imported the module',
          saw: messageOf(error),
          hint: 'Export as default what defineInput, defineOutput or defineTransport returns.',
        }),
      )
    },
  },
  {
    id: 'package.plain-definition',
    level: 'must',
    clauses: ['P-9'],
    kinds: KINDS,
    async run({ definition }) {
      const { open: _, ...data } = definition
      ensure(isDeepStrictEqual(JSON.parse(JSON.stringify(data)), data), {
        did: 'wrote the definition as JSON and read it again',
        saw: 'something of it was lost',
        hint: 'Keep functions, classes, undefined and the like out of a definition.',
      })
    },
  },
  {
    id: 'package.schema-file',
    level: 'must',
    clauses: ['C-2'],
    kinds: KINDS,
    async run({ plugin: { json, folder }, definition }) {
      const manifest = json['smartGateway'] as Record<string, unknown>
      for (const key of ['options', 'subscription'] as const) {
        const file = manifest[key]
        if (typeof file !== 'string' || !existsSync(join(folder, file))) continue
        const inFile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as object
        const inCode = (definition as unknown as Record<string, object>)[key]
        ensure(isDeepStrictEqual(bare(inFile), bare(inCode)), {
          did: `compared ${file} with the schema in the code`,
          saw: 'they are not the same',
          hint: '`smart-gateway document .` writes it from the definition (`npm run document` in a plugin that was created with create-smart-gateway-plugin).',
        })
      }
    },
  },
  {
    id: 'package.types',
    level: 'should',
    clauses: ['P-10'],
    kinds: KINDS,
    async run({ plugin: { json, folder } }) {
      const exported = json['exports'] as Record<string, unknown> | undefined
      const root =
        typeof exported === 'object' && exported !== null && '.' in exported ? exported['.'] : exported
      const types = target(root, ['types']) ?? json['types']
      const did = 'looked for the types that package.json names'
      const hint = 'Add "types" to its exports, before "default".'
      if (typeof types !== 'string') {
        const exclude = (name: string): boolean => name.endsWith('node_modules')
        if (globSync('**/*.{ts,mts}', { cwd: folder, exclude }).length === 0) notRun('it is plain JavaScript')
        fail({ did, saw: 'it names none', hint })
      }
      const file = join(folder, types)
      // What is built may not be there yet.
      ensure(existsSync(file) || !existsSync(dirname(file)), { did, saw: `${types} does not exist`, hint })
    },
  },
  {
    id: 'package.keyword',
    level: 'should',
    clauses: ['P-8'],
    kinds: KINDS,
    async run({ plugin: { json } }) {
      const keywords: unknown = json['keywords']
      ensure(Array.isArray(keywords) && keywords.includes('smart-gateway-plugin'), {
        did: 'looked at the keywords',
        saw: 'smart-gateway-plugin is not among them',
        hint: 'Add it to "keywords".',
      })
    },
  },
  {
    id: 'package.no-install-script',
    level: 'must',
    clauses: ['P-7'],
    kinds: KINDS,
    async run({ plugin: { json, folder } }) {
      const scripts = Object.keys((json['scripts'] ?? {}) as object)
      const found = ['preinstall', 'install', 'postinstall'].filter((name) => scripts.includes(name))
      if (existsSync(join(folder, 'binding.gyp'))) found.push('binding.gyp')
      ensure(found.length === 0, {
        did: 'looked for what runs when it is installed',
        saw: `it has ${found.join(', ')}`,
        hint: 'Do the work when the package is built.',
      })
    },
  },
  {
    id: 'package.no-native',
    level: 'should',
    clauses: ['W-6'],
    kinds: KINDS,
    async run({ plugin: { folder, name } }) {
      let left = MOST_FILES
      for (const one of closureOf({ name, folder })) {
        const { files, seen } = nativeFilesIn(one.folder, left)
        ensure(files.length === 0, {
          did: 'looked for native code in the package and in those that it depends on, as they are installed',
          saw: `${one.name} has ${files.slice(0, 3).join(', ')}`,
          hint: 'Take a package that is JavaScript or WebAssembly; native code stays loaded, and what it breaks ends the gateway.',
        })
        left -= seen
      }
    },
  },
  {
    id: 'package.declared',
    level: 'must',
    clauses: ['P-5'],
    kinds: KINDS,
    async run({ plugin }) {
      const { json, entry } = plugin
      if (entry === undefined) notTried('there is no module, as package.exports has found')
      const declared = new Set(DECLARATIONS.flatMap((key) => Object.keys((json[key] ?? {}) as object)))
      const undeclared = [...importedPackages(plugin)].filter(([imported]) => !declared.has(imported))
      ensure(undeclared.length === 0, {
        did: 'read what its modules import, from its entry points on',
        saw: `it does not declare ${undeclared.map(([imported, file]) => `${imported} (${file})`).join(', ')}`,
        hint: 'Add it to "dependencies".',
      })
      const local = DECLARATIONS.flatMap((key) => Object.entries((json[key] ?? {}) as object)).filter(
        ([, range]) => /^(file|link|portal|workspace):/.test(String(range)),
      )
      ensure(local.length === 0, {
        did: 'read what it declares',
        saw: `it declares ${local.map(([name, range]) => `${name} as ${String(range)}`).join(', ')}`,
        hint: 'Declare a version: whoever installs it from npm has no such path. For your own tests, "devDependencies" may have one.',
      })
    },
  },
  {
    id: 'package.import-quiet',
    level: 'must',
    clauses: ['P-6'],
    kinds: KINDS,
    async run(subject) {
      const { left, changed, ended, failed } = await inThread(subject, { scenario: 'import' })
      if (failed !== undefined) notTried(`it cannot be imported: ${failed.message}`)
      const did = 'imported it in a thread'
      const hint = 'Move what begins something, or changes the process, into open.'
      ensure(changed.length === 0, { did, saw: `the import changed ${changed.join(', ')}`, hint })
      ensure(left.length === 0, { did, saw: `the import left ${left.join(', ')}`, hint })
      ensure(ended, { did, saw: 'the thread does not end by itself', hint })
    },
  },
]

/** Of all packages together; more than the largest of those that are used here has with all of its own. */
const MOST_FILES = 20_000

/** Where a manifest says what is installed with it. */
const DECLARATIONS = ['dependencies', 'peerDependencies', 'optionalDependencies']

function isJsonFile(folder: string, file: unknown): boolean {
  try {
    JSON.parse(readFileSync(join(folder, String(file)), 'utf8'))
    return true
  } catch {
    return false
  }
}

/** A schema without what only says what it is. */
function bare(schema: object | undefined): object {
  const { $schema: _, $id: __, title: ___, ...rest } = (schema ?? {}) as Record<string, unknown>
  return rest
}
