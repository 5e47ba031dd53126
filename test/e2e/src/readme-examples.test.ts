import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGateway } from '@smart-gateway/core'
import type { Gateway } from '@smart-gateway/core'
import { ROOT } from './gateway-process.ts'
import { makeCertificates } from './peers/certificates.ts'
import type { TlsFiles } from './peers/rabbitmq.ts'
import { freePort } from './peers/ports.ts'
import { describeWith } from './peers/suite.ts'
import { readText } from './workspace.ts'

/** Examples of other programs' files say so in their first line. */
const OTHERS = /^# (?!startup)\S+\.ya?ml/
const SECRET = 'a-secret-of-24-characters'
/** What a peer that is not there, or the name of one that nobody has, makes of an instance. */
const NO_PEER = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|waits for the transport|cannot be reached|refused/

interface Example {
  readonly where: string
  readonly text: string
}

const examples = globSync('{README.md,docs/*.md,plugins/*/*/README.md}', { cwd: ROOT })
  .toSorted()
  .flatMap((file) =>
    [...readText(file).matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text], i): Example => ({
      where: `${file}, example ${i + 1}`,
      text: text!,
    })),
  )
  .filter(({ text }) => !OTHERS.test(text))

test('there are examples, several for each kind of plugin', () => {
  expect(examples.length).toBeGreaterThan(25)
})

describeWith(['openssl'], 'examples of startup.yaml in the documentation', () => {
  let folder: string
  let certificates: TlsFiles
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'examples-'))
    certificates = await makeCertificates(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(examples)('$where runs; at most its peer is missing', async ({ text }) => {
    const gateway = await start(text)
    try {
      for (const { name, state, reason } of gateway.registry.view()) {
        const missing = state !== 'ready' && NO_PEER.test(reason ?? '')
        expect(state === 'ready' || missing ? 'fine' : `${name} is ${state}: ${reason}`).toBe('fine')
      }
      expect(gateway.registry.view().length).toBeGreaterThan(0)
    } finally {
      await gateway.stop()
    }
  })

  async function start(text: string): Promise<Gateway> {
    const file = join(mkdtempSync(join(folder, 'example-')), 'startup.yaml')
    writeFileSync(file, await ownPlaces(text, dirname(file)))
    const names = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [name!, SECRET])
    const gateway = createGateway(file, { environment: Object.fromEntries(names) as NodeJS.ProcessEnv })
    await gateway.start()
    return gateway
  }

  /** Ports and files of this test's own in the place of those that are named; what is named has to be there, or startable. */
  async function ownPlaces(text: string, home: string): Promise<string> {
    let own = text
    for (const port of new Set([...text.matchAll(/\bport: (\d+)/g)].map(([, port]) => port!)))
      own = own.replaceAll(new RegExp(`\\bport: ${port}\\b`, 'g'), `port: ${await freePort()}`)
    for (const [, path] of text.matchAll(/\$\{file:([^}]+)\}/g)) {
      writeFileSync(join(home, 'secret'), SECRET)
      own = own.replaceAll(`\${file:${path}}`, `\${file:${join(home, 'secret')}}`)
    }
    own = own.replaceAll(/[\w./-]*-?key\.pem/g, certificates.key)
    own = own.replaceAll(/(?<![\w/-])(?!\S*key\.pem)[\w./-]*\bca\.pem/g, certificates.ca)
    own = own.replaceAll(/(?<![\w/-])(?!\S*(?:key|ca)\.pem)[\w./-]+\.pem/g, (path) =>
      path.startsWith(folder) ? path : certificates.cert,
    )
    for (const [, path] of text.matchAll(/\bfile: (\.\/[\w./-]+)/g)) {
      mkdirSync(dirname(join(home, path!)), { recursive: true })
      writeFileSync(join(home, path!), '{"body":"[]"}\n')
    }
    own = own.replaceAll(/\/var\/log\/[\w./-]+/g, join(home, 'log'))
    return /^gateway:/m.test(own)
      ? own
      : `gateway: { admin: { port: 0 }, logLevel: error, drain: 0s }\n${own}`
  }
})
