import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { startProcess } from './process.ts'
import { until } from './until.ts'

test('a program that ends instead of becoming ready is reported with the end of its log', async () => {
  const peer = startProcess('sh', ['-c', 'echo no such disk >&2; exit 3'], { cwd: tmpdir() })
  await expect(peer.ready(() => false)).rejects.toThrow(/ended instead of becoming ready.*\nno such disk/s)
})

test('a program that is not there is reported by its name', async () => {
  const peer = startProcess('no-such-program', [], { cwd: tmpdir() })
  await expect(peer.ready(() => false)).rejects.toThrow('spawn no-such-program ENOENT')
})

test('a peer and its children end with the test process, also when that is killed', async () => {
  const module = new URL('process.ts', import.meta.url).href
  const script = `
    const { startProcess } = await import(${JSON.stringify(module)})
    const peer = startProcess('sh', ['-c', 'sleep 300 & echo $!; wait'], { cwd: '/' })
    await peer.ready(() => peer.log().includes('\\n'))
    console.log(peer.log())
    setInterval(() => {}, 1000)`
  const tester = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await tester.stdout.take(1).toArray()) as Buffer[]
  const pid = Number(String(line))
  expect(alive(pid)).toBe(true)
  tester.kill('SIGKILL')
  await until('the grandchild to end', () => !alive(pid))
})

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
