import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startCommand } from '../testing/command.ts'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'

/** A folder with startup.yaml, an output ./store, and the suite beside it where it is asked for: one that says what it is given. */
function project(withSuite: boolean): string {
  const folder = scratch()
  writePlugin(join(folder, 'store'), 'output')
  writeFileSync(join(folder, 'startup.yaml'), 'outputs: { mine: { plugin: ./store } }\n')
  if (withSuite) {
    const suite = join(folder, 'node_modules/@smart-gateway/conformance')
    mkdirSync(suite, { recursive: true })
    writeFileSync(
      join(suite, 'package.json'),
      '{"name":"@smart-gateway/conformance","bin":{"x":"./run.cjs"}}',
    )
    writeFileSync(join(suite, 'run.cjs'), 'console.log(process.argv.slice(2).join(" ")); process.exit(3)')
  }
  return folder
}

async function conformance(folder: string, ...args: string[]) {
  const command = startCommand(['conformance', ...args], folder)
  const status = await command.ended
  return { status, stdout: command.stdout, stderr: command.stderr }
}

test.each(['mine', './store'])(
  'the suite beside startup.yaml is run on the plugin of %s, and its status is the status',
  async (plugin) => {
    const folder = project(true)
    const { status, stdout } = await conformance(folder, plugin, '--', '--seed', '7')
    expect(stdout).toBe(`${join(folder, 'store')} --seed 7\n`)
    expect(status).toBe(3)
  },
)

test('options of the suite need no -- before them, and stand beside the own ones', async () => {
  const folder = project(true)
  const args = ['mine', '--seed', '7', '--config', 'startup.yaml', '--json', '-', '--profile=core']
  const { status, stdout } = await conformance(folder, ...args)
  expect(stdout).toBe(`${join(folder, 'store')} --seed 7 --json - --profile=core\n`)
  expect(status).toBe(3)
})

test('the plugin is named before the options of the suite', async () => {
  const { status, stderr } = await conformance(project(true), '--seed', '7', 'mine')
  expect(stderr).toContain('name the plugin first: smart-gateway conformance NAME --seed')
  expect(status).toBe(2)
})

test('where the suite is not installed a sentence says how it will be', async () => {
  const { status, stderr } = await conformance(project(false), 'mine')
  expect(stderr).toBe(
    'smart-gateway: @smart-gateway/conformance is not installed: npm install --save-dev @smart-gateway/conformance beside startup.yaml\n',
  )
  expect(status).toBe(2)
})

test('what is neither an instance nor a folder is told', async () => {
  const { status, stderr } = await conformance(project(true), 'nobody')
  expect(stderr).toContain('there is no instance "nobody" in startup.yaml')
  expect(status).toBe(2)
})
