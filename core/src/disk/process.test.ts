import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import type { LogBatch } from '@smart-gateway/sdk'
import { scratch } from '../testing/scratch.ts'
import { seeded } from '../testing/seeded.ts'
import { openDiskQueue } from './disk-queue.ts'
import type { DiskQueueFile } from './disk-queue.ts'

// Appends with many on their way, removes every third, and prints what is on the disk once it is.
const APPENDER = `
import { writeSync } from 'node:fs'
import { openDiskQueue } from ${JSON.stringify(new URL('./disk-queue.ts', import.meta.url).href)}
const [path, round] = process.argv.slice(2)
const file = await openDiskQueue({ path, onDamage() {} })
writeSync(1, 'open\\n')
const appendOne = async (i) => {
  const text = round + '-' + i + '-' + 'x'.repeat((i * 37) % 9000)
  const record = { index: 'i', timeMs: 0, severity: 'info', publisher: 'p', labels: {}, message: text }
  const { id, onDisk } = file.append('in', { signal: 'log', length: 1, records: [record] }, 0)
  await onDisk
  writeSync(1, 'stored ' + id + ' ' + round + '-' + i + ' ' + text.length + '\\n')
  if (i % 3 !== 0) return
  writeSync(1, 'removing ' + id + '\\n')
  await file.remove([id])
  writeSync(1, 'removed ' + id + '\\n')
}
let next = 0
const worker = async () => { for (;;) await appendOne(next++) }
for (let i = 0; i < 8; i++) void worker()
`

function start(path: string, round: number): ChildProcessWithoutNullStreams {
  const program = join(scratch(), 'appender.mjs')
  writeFileSync(program, APPENDER)
  const child = spawn(process.execPath, ['--conditions=@smart-gateway/source', program, path, `${round}`], {
    env: { PATH: process.env['PATH'] },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function open(path: string): Promise<DiskQueueFile> {
  const file = await openDiskQueue({ path, onDamage: () => {} })
  onTestFinished(() => file.close())
  return file
}

test('whatever was said to be on the disk is there after SIGKILL, 24 times at random moments', async () => {
  const random = seeded(1)
  const path = join(scratch(), 'x.sqlite')
  const expected = new Map<number, string>()
  const seen = { stored: 0, removed: 0 }
  for (let round = 0; round < 24; round++) {
    const child = start(path, round)
    const printed: string[] = []
    const lines = createInterface(child.stdout)
    const killAt = 1 + random.below(120)
    lines.on('line', (line) => {
      printed.push(line)
      if (printed.length === killAt) child.kill('SIGKILL')
    })
    const [, signal] = (await once(child, 'close')) as [number, string]
    expect(signal).toBe('SIGKILL')

    const mayBeGone = new Set<number>()
    for (const [what, number, name] of printed.map((line) => line.split(' '))) {
      const id = Number(number)
      if (what === 'stored') expected.set(id, name!)
      if (what === 'removing') mayBeGone.add(id)
      if (what === 'removed') expected.delete(id)
      if (what === 'stored' || what === 'removed') seen[what]++
    }
    const file = await open(path)
    const read = await file.read(0, 2 ** 30)
    const found = new Map(read.map(({ id, batch }) => [id, nameOf((batch as LogBatch).records[0]!.message)]))
    expect(file.damaged).toEqual([])
    expect(file.recovered.batches).toBe(read.length)
    for (const [id, name] of expected) {
      if (found.has(id)) expect(found.get(id)).toBe(name)
      else expect(mayBeGone, `batch ${id}`).toContain(id)
    }
    // What was on its way may be there too; from here on it counts.
    expected.clear()
    for (const [id, name] of found) expected.set(id, name)
    await file.close()
  }
  expect(seen.stored).toBeGreaterThan(200)
  expect(seen.removed).toBeGreaterThan(50)
}, 120_000)

test('a second process is refused with a sentence, and not once the first was killed', async () => {
  const path = join(scratch(), 'x.sqlite')
  const child = start(path, 0)
  await once(createInterface(child.stdout), 'line')
  await expect(open(path)).rejects.toMatchObject({
    code: 'SG_QUEUE_IN_USE',
    message: `the disk queue ${path} is in use by another gateway`,
  })
  child.kill('SIGKILL')
  await once(child, 'close')
  await open(path)
})

test('its thread says nothing on the terminal and does not outlive its process', async () => {
  const path = join(scratch(), 'x.sqlite')
  const child = start(path, 0)
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (complaints += text))
  await once(createInterface(child.stdout), 'line')
  child.kill('SIGTERM')
  const [, signal] = (await once(child, 'close')) as [number, string]
  expect([signal, complaints]).toEqual(['SIGTERM', ''])
  await open(path)
})

function nameOf(message: string): string {
  return message.split('-', 2).join('-')
}
