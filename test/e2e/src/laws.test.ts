/** The laws of the design that no type can hold, held by reading files. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERRORS } from '@smart-gateway/core'
import { CLAUSES_FILE, clausesModule, specClauses } from './clauses.ts'
import { errorsPage } from './errors-page.ts'
import { ROOT } from './gateway-process.ts'
import { schemaFiles } from './schemas.ts'
import { packages, readJson, readText } from './workspace.ts'
import type { Package, Source } from './workspace.ts'

const all = packages()
const ours = new Set(all.map(({ name }) => name))
const devDependencies = Object.keys(readJson('package.json')['devDependencies'] as object)

const STAND_INS = '@smart-gateway/stand-ins'

describe('the direction of imports', () => {
  test('every source imports only what it may', () => {
    const violations = all.flatMap((one) =>
      one.sources.flatMap((source) =>
        importsOf(source)
          .map((specifier) => ({ specifier, flaw: flawOf(one, source, specifier) }))
          .filter(({ flaw }) => flaw !== undefined)
          .map(({ specifier, flaw }) => `${source.file} imports ${specifier}: ${flaw}`),
      ),
    )
    expect(violations).toEqual([])
  })

  test('the imports that it looks at are those that are there', () => {
    const core = all.find(({ folder }) => folder === 'core')!
    const imported = new Set(core.sources.flatMap(importsOf).filter((name) => !/^(node:|\.)/.test(name)))
    expect([...imported]).toEqual(expect.arrayContaining([...core.dependencies]))
  })

  test('the SDK has no dependency', () => {
    const { dependencies, peerDependencies, optionalDependencies } = readJson('sdk/package.json')
    expect({ dependencies, peerDependencies, optionalDependencies }).toEqual({})
  })
})

test('each plugin has the SDK as a peer, which the gateway brings, as we tell everybody to', () => {
  const declared = all
    .filter(({ folder }) => folder.startsWith('plugins/'))
    .map(({ folder }) => readJson(`${folder}/package.json`))
    .map(({ name, dependencies = {}, peerDependencies }) => ({
      name,
      own: Object.keys(dependencies as object).filter((one) => ours.has(one)),
      peerDependencies,
    }))
  // From what it was written against to the end of api 1; changesets writes the end as 2.0.0-0.
  const range = expect.stringMatching(/^>=1\.\d+\.\d+ <2(\.0\.0-0)?$/)
  for (const one of declared)
    expect(one).toMatchObject({ own: [], peerDependencies: { '@smart-gateway/sdk': range } })
  expect(declared.length).toBeGreaterThan(14)
})

/** Why a source must not import that, or undefined. */
function flawOf(one: Package, { file, test: isTest }: Source, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return undefined
  if (isBuiltin(specifier)) return 'write it with node:'
  if (specifier.startsWith('.')) {
    const home = one.folder.startsWith('test/') ? 'test/' : `${one.folder}/`
    return join(dirname(file), specifier).startsWith(home) ? undefined : 'it lies in another package'
  }
  const [name, subpath] = splitSpecifier(specifier)
  // A new plugin has as its own what the package that makes it is developed with.
  const isTemplate = file.startsWith('create/template/')
  if (ours.has(name) && !isTemplate && !mayImport(one, name, isTest))
    return `${one.folder} must not know ${name}`
  if (name === '@smart-gateway/sdk' && subpath === 'testing' && !isTest) return 'it is for tests'
  const declared =
    isTest || isTemplate
      ? [...one.dependencies, ...one.devDependencies, ...devDependencies]
      : one.dependencies
  return declared.includes(name) ? undefined : `${one.folder}/package.json does not declare it`
}

function mayImport({ folder }: Package, name: string, isTest: boolean): boolean {
  // Strangers test their outputs with the stand-ins, which know nothing of the gateway.
  if (folder === 'test/stand-ins') return false
  if (folder.startsWith('test/')) return true
  if (isTest && name === STAND_INS) return folder.startsWith('plugins/')
  return folder !== 'sdk' && name === '@smart-gateway/sdk'
}

function importsOf({ text }: Source): string[] {
  const statements = text.matchAll(/^(?:import|export)\s(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  const calls = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)
  return [...statements, ...calls].map(([, specifier]) => specifier!)
}

function splitSpecifier(specifier: string): [name: string, subpath: string] {
  const parts = specifier.split('/')
  const length = specifier.startsWith('@') ? 2 : 1
  return [parts.slice(0, length).join('/'), parts.slice(length).join('/')]
}

test('the core names no plugin', () => {
  const core = all.find(({ folder }) => folder === 'core')!
  const lines = core.sources
    .filter((source) => !source.test)
    .flatMap(({ file, text }) =>
      withoutComments(text)
        .split('\n')
        .map((line) => `${file}: ${line.trim()}`),
    )
  expect(lines.filter((line) => namesOfPlugins().test(line))).toEqual([
    // An example that a person sees in an editor.
    "core/src/config/schema.ts: description: 'A short name (collectd), an npm package name, or a path that begins with a dot.',",
  ])
})

/** Finds the plugins that there are, but for those whose names are ordinary words. */
function namesOfPlugins(): RegExp {
  const ordinary = new Set(['file', 'http', 'logs', 'replay', 'socket'])
  const folders = all.map(({ folder }) => folder).filter((folder) => folder.startsWith('plugins/'))
  const names = folders.map((folder) => folder.split('/').at(-1)!).filter((name) => !ordinary.has(name))
  const words = [...names, 'rabbit']
  return new RegExp(words.flatMap((word) => [word, word[0]!.toUpperCase() + word.slice(1)]).join('|'))
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')
}

describe('what is made from code', () => {
  test('the schema files are up to date', async () => {
    const files = await schemaFiles()
    expect(files.length).toBeGreaterThan(0)
    for (const { file, text } of files)
      expect(readFileSync(file, 'utf8'), `${relative(ROOT, file)} is old: run npm run schemas`).toBe(text)
  })

  test('docs/errors.md is up to date', () => {
    const command = 'node --conditions=@smart-gateway/source test/e2e/src/write-errors-page.ts'
    expect(readText('docs/errors.md'), `docs/errors.md is old: run ${command}`).toBe(errorsPage(ERRORS))
  })

  test("the conformance suite's clauses are those of sdk/SPEC.md", () => {
    const file = relative(ROOT, CLAUSES_FILE)
    expect(readText(file), `${file} is old: run npm run docs`).toBe(clausesModule(specClauses()))
  })
})

test('each of the failures that gateways are known for is named by a test', () => {
  const tests = globSync(['core/**/*.test.ts', 'test/*/src/**/*.test.ts'], {
    cwd: ROOT,
    exclude: (path) => path.includes('node_modules'),
  })
  const titles = tests.flatMap((file) => readText(file).match(/(?<=['`])F\d+(?=: )/g) ?? [])
  const known = Array.from({ length: 15 }, (_, i) => `F${i + 1}`)
  expect([...new Set(titles)].toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual(known)
})

describe("every plugin's README", () => {
  const plugins = all.filter(({ folder }) => folder.startsWith('plugins/'))

  test.each(plugins)(
    '$folder: its tables name every option and every key of a subscription',
    ({ folder }) => {
      const tables = readText(`${folder}/README.md`).match(/^\|.*/gm)?.join('\n') ?? ''
      const documented = new Set(tables.match(/`[^`\n]+`/g)?.flatMap((code) => code.match(/\w+/g) ?? []))
      const { options, subscription } = readJson(`${folder}/package.json`)['smartGateway'] as Record<
        string,
        string
      >
      const files = [options, subscription].filter((file) => file !== undefined)
      const keys = files.flatMap((file) => keysOf(readJson(join(folder, file))))
      expect(keys.filter((key) => !documented.has(key))).toEqual([])
    },
  )
})

/** The keys of an options schema, those inside its objects included. */
function keysOf({ properties = {} }: Record<string, unknown>): string[] {
  return Object.entries(properties as Record<string, Record<string, unknown>>).flatMap(([key, inner]) => [
    key,
    ...keysOf(inner),
  ])
}

describe('what is installed', () => {
  type Locked = { readonly resolved?: string; readonly link?: boolean; readonly hasInstallScript?: boolean }
  const locked = Object.entries(readJson('package-lock.json')['packages'] as Record<string, Locked>)

  test('the lock names no address to download from, so that every registry serves', () => {
    const addresses = locked.filter(([, { resolved, link }]) => resolved !== undefined && link !== true)
    expect(addresses).toEqual([])
    const links = locked.filter(([, { link }]) => link === true).map(([, { resolved }]) => resolved!)
    expect(links.toSorted()).toEqual(all.map(({ folder }) => folder).toSorted())
  })

  test('no package runs a script when it is installed', () => {
    expect(locked.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([])
  })
})

describe.skipIf(!existsSync(join(ROOT, '.git')))('no file of the repository', () => {
  // The patterns are put together here, so that this file does not hold what it looks for.
  const homes = ['home', 'root', 'work', 'Users', 'tmp'].join('|')
  const registries = ['npmjs', 'yarnpkg', 'artifactory', 'nexus', 'pypi', 'verdaccio', 'jfrog'].join('|')

  test.each([
    ['holds a path of one machine', `(?<![\\w.}*-])/(?:${homes})/[\\w.]`],
    ['holds the address of a registry', `[\\w-]\\.(?:${registries})\\.\\w|\\bregistry\\s*[=:]\\s*["']?http`],
  ])('%s', (_, pattern) => {
    const found = new RegExp(pattern, 'i')
    const places = repositoryFiles().flatMap((file) =>
      readText(file)
        .split('\n')
        .flatMap((line, index) => (found.test(line) ? [`${file}:${index + 1}`] : [])),
    )
    expect(places).toEqual([])
  })
})

/** What git has or would take. */
function repositoryFiles(): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const files = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\0')
  return files.filter((file) => statSync(join(ROOT, file), { throwIfNoEntry: false })?.isFile())
}

test('each fault of the ancestor is a test of ours, by its id', () => {
  const tested = new Set(
    all
      .flatMap(({ sources }) => sources.filter(({ file }) => file.endsWith('.test.ts')))
      .flatMap(({ text }) => [...text.matchAll(/\bB\d+\b/g)].map(([id]) => id)),
  )
  const faults = Array.from({ length: 18 }, (_, i) => `B${i + 1}`)
  expect(faults.filter((id) => !tested.has(id))).toEqual([])
})

test('every test that docs/delivery.md names exists', () => {
  const named = [...readText('docs/delivery.md').matchAll(/^\[\^[\w-]+\]: (.+)$/gm)].flatMap(([, list]) =>
    [...list!.matchAll(/`([\w./-]+\.test\.ts)`: (.+?)(?=; `|$)/g)].map(([, file, name]) => ({
      file: file!,
      name: name!,
    })),
  )
  expect(named.length).toBeGreaterThan(50)
  const missing = named.filter(
    ({ file, name }) => !existsSync(join(ROOT, file)) || !readText(file).includes(plain(name)),
  )
  expect(missing).toEqual([])
})

/** The longest stretch of a test's name that its source holds as it is: without quotes and what a table fills in. */
function plain(name: string): string {
  return name
    .split(/["'`]|%\w|\$\w+|\u2026/)
    .toSorted((a, b) => b.length - a.length)[0]!
    .trim()
}
