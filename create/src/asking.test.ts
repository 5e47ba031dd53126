import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { complete } from './asking.ts'
import type { Given } from './asking.ts'

/** Answers each question as it comes. */
async function answering(given: Given, ...answers: string[]) {
  const input = new PassThrough()
  const output = new PassThrough().setEncoding('utf8')
  let asked = ''
  output.on('data', (text: string) => {
    asked += text
    if (text.includes('?')) input.write(`${answers.shift()}\n`)
  })
  return { wanted: await complete(given, { input, output }), asked }
}

test('what no flag says is asked for, and nothing else', async () => {
  expect(await answering({}, 'output', ' my-store ')).toEqual({
    wanted: { kind: 'output', name: 'my-store' },
    asked: 'What shall it be: transport, input, filter, output? What is its name? ',
  })
  expect(await answering({ kind: 'input' }, 'mine')).toMatchObject({
    wanted: { kind: 'input', name: 'mine' },
    asked: 'What is its name? ',
  })
  expect(await answering({ kind: 'input', name: 'mine' })).toMatchObject({ asked: '' })
})

test('an answer that cannot be is told at once', async () => {
  await expect(answering({}, 'sink')).rejects.toThrow('there is no kind "sink"')
  await expect(answering({ kind: 'filter' }, 'My Store')).rejects.toThrow('cannot be the name of a plugin')
})

test('where nobody can answer nothing is asked', async () => {
  await expect(complete({}, undefined)).rejects.toThrow(
    '--kind and --name must be given where there is no terminal',
  )
})
