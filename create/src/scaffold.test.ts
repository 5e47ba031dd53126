import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { KINDS } from './kind.ts'
import type { Kind } from './kind.ts'
import type { License } from './license.ts'
import { scaffold } from './scaffold.ts'

const BIN = resolve(import.meta.dirname, '../bin/create.js')
const home = mkdtempSync(join(tmpdir(), 'create-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Runs the command without a terminal. */
async function create(...args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: home, stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => void (said += text))
  // Its standard input stays open: what waited for an answer would wait for ever.
  const code = await new Promise<number | null>((done) => child.once('close', done))
  child.stdin.destroy()
  return { code, said }
}

test.each(Object.keys(KINDS) as Kind[])(
  'a new %s has its name everywhere, and a manifest of its kind',
  (kind) => {
    const folder = join(home, kind)
    const files = scaffold(folder, { kind, name: 'my-store' })
    const texts = files.map((file) => readFileSync(join(folder, file), 'utf8'))
    expect(texts.join('\n')).toContain(`smart-gateway-${kind}-my-store`)
    expect(texts.join('\n')).not.toMatch(/my-plugin/)
    expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toMatchObject({
      name: `smart-gateway-${kind}-my-store`,
      keywords: ['smart-gateway-plugin'],
      smartGateway: { api: 1, kind, options: './options.schema.json' },
    })
    expect(files).toEqual(
      expect.arrayContaining([
        '.gitignore',
        '.github/workflows/ci.yml',
        'README.md',
        'options.schema.json',
        'src/index.ts',
        'src/index.test.ts',
      ]),
    )
  },
)

test('flags are enough where there is no terminal', async () => {
  expect(await create('here', '--kind', 'output', '--name', 'smart-gateway-output-acme')).toMatchObject({
    code: 0,
  })
  expect(existsSync(join(home, 'here/src/index.ts'))).toBe(true)
  expect(await create('--kind', 'filter', '--name', 'acme')).toMatchObject({ code: 0 })
  expect(existsSync(join(home, 'smart-gateway-filter-acme/package.json'))).toBe(true)
})

test('it has a licence: the one that a flag names, else that of the gateway', () => {
  const made = (license?: License) => {
    const folder = join(home, `licensed-${license}`)
    const files = scaffold(folder, { kind: 'filter', name: 'x', ...(license !== undefined && { license }) })
    const { license: field } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      license: string
    }
    return { field, text: files.includes('LICENSE') ? readFileSync(join(folder, 'LICENSE'), 'utf8') : '' }
  }
  expect(made()).toEqual({ field: 'Apache-2.0', text: expect.stringContaining('Apache License') })
  expect(made('MIT')).toEqual({
    field: 'MIT',
    text: expect.stringMatching(/Copyright \(c\) \d{4} the authors of smart-gateway-filter-x/),
  })
  expect(made('none')).toEqual({ field: 'UNLICENSED', text: '' })
})

test.each<[string, string[]]>([
  ['there is no text of the licence "GPL" here', ['--kind', 'input', '--name', 'x', '--license', 'GPL']],
  ['--kind and --name must be given where there is no terminal', []],
  ['--name must be given', ['--kind', 'input']],
  ['there is no kind "sink"', ['--kind', 'sink', '--name', 'x']],
  ['cannot be the name of a plugin', ['--kind', 'input', '--name', '../x']],
  ['cannot be the name of a plugin', ['--kind', 'input', '--name', 'Big']],
  ['Unknown option', ['--sort', 'input']],
])('without a terminal nothing is asked: %s', async (sentence, args) => {
  const { code, said } = await create(...args)
  expect(said).toContain(sentence)
  expect(code).toBe(2)
})

test('nothing is written over', () => {
  const folder = join(home, 'mine')
  mkdirSync(join(folder, '.git'), { recursive: true })
  scaffold(folder, { kind: 'output', name: 'x' })
  writeFileSync(join(folder, 'src/index.ts'), 'mine')
  expect(() => scaffold(folder, { kind: 'output', name: 'x' })).toThrow('is not empty')
  expect(readFileSync(join(folder, 'src/index.ts'), 'utf8')).toBe('mine')
})
