import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { ROOT } from '../gateway-process.ts'

/** A registry on this machine, as small as npm will have it. */
export interface Registry {
  readonly url: string
  /** What npm has published to it, in this order: names with versions. */
  readonly arrived: readonly string[]
  /** Adds a tarball of a package. */
  publish(file: string): Promise<void>
  close(): void
}

/** One version of a package that it can give out. */
interface Version {
  readonly manifest: Manifest
  readonly integrity?: string
  /** Its tarball, or the folder to make one of. */
  readonly source: { readonly file: string } | { readonly folder: string }
}

interface Manifest {
  readonly name: string
  readonly version: string
}

/**
 * Starts a registry with what is published to it, and with what lies in the workspace's node_modules for all else: a machine that did
 * `npm ci` needs no network. `folder` holds its scratch.
 */
export async function startRegistry(folder: string): Promise<Registry> {
  const published = new Map<string, Version[]>()
  const installed = installedVersions()
  const arrived: string[] = []
  const add = (version: Version): void => {
    const { name } = version.manifest
    published.set(name, [...(published.get(name) ?? []), version])
  }
  const server = createServer((request, response) => {
    if (request.method === 'PUT') {
      return void receive(request, folder).then(
        (version) => {
          add(version)
          arrived.push(`${version.manifest.name}@${version.manifest.version}`)
          response.writeHead(201).end('{}')
        },
        (error: unknown) => response.writeHead(400).end(JSON.stringify({ error: String(error) })),
      )
    }
    const path = decodeURIComponent((request.url ?? '').split('?')[0]!).slice(1)
    const [name = '', tarball] = path.split('/-/')
    const versions = published.get(name) ?? installed.get(name) ?? []
    if (versions.length === 0) return void response.writeHead(404).end('{}')
    if (tarball === undefined) return void response.end(JSON.stringify(packument(name, versions, url())))
    const wanted = versions.find(({ manifest }) => `${manifest.version}.tgz` === tarball)
    if (wanted === undefined) return void response.writeHead(404).end('{}')
    if ('file' in wanted.source) return void response.end(readFileSync(wanted.source.file))
    sendFolder(wanted.source.folder, folder, response)
  })
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: url(),
    arrived,
    async publish(file) {
      const manifest = JSON.parse(await textInTarball(file, 'package/package.json')) as Manifest
      add({ manifest, integrity: integrityOf(readFileSync(file)), source: { file } })
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Takes what `npm publish` sends: the manifest, and the tarball as text. */
async function receive(request: IncomingMessage, folder: string): Promise<Version> {
  const { versions, _attachments: attachments } = (await json(request)) as {
    readonly versions: Readonly<Record<string, Manifest>>
    readonly _attachments: Readonly<Record<string, { readonly data: string }>>
  }
  const [manifest] = Object.values(versions)
  const tarball = Buffer.from(Object.values(attachments)[0]!.data, 'base64')
  const file = join(mkdtempSync(join(folder, 'arrived-')), 'package.tgz')
  writeFileSync(file, tarball)
  return { manifest: manifest!, integrity: integrityOf(tarball), source: { file } }
}

function integrityOf(tarball: Buffer): string {
  return `sha512-${createHash('sha512').update(tarball).digest('base64')}`
}

/** Every package in the workspace's node_modules, by its name. */
function installedVersions(): ReadonlyMap<string, readonly Version[]> {
  const versions = new Map<string, Version[]>()
  const places = globSync(
    ['node_modules/**/node_modules/{*,@*/*}/package.json', 'node_modules/{*,@*/*}/package.json'],
    { cwd: ROOT },
  )
  for (const place of places) {
    const file = join(ROOT, place)
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
    const others = versions.get(manifest.name) ?? []
    if (!others.some((one) => one.manifest.version === manifest.version))
      versions.set(manifest.name, [...others, { manifest, source: { folder: join(file, '..') } }])
  }
  return versions
}

function packument(name: string, versions: readonly Version[], url: string): object {
  return {
    name,
    'dist-tags': { latest: versions.at(-1)!.manifest.version },
    versions: Object.fromEntries(
      versions.map(({ manifest, integrity }) => {
        const dist = {
          tarball: `${url}/${name}/-/${manifest.version}.tgz`,
          ...(integrity !== undefined && { integrity }),
        }
        return [manifest.version, { ...manifest, dist }]
      }),
    ),
  }
}

/** npm takes a tarball that is not compressed as well. */
function sendFolder(folder: string, scratch: string, response: ServerResponse): void {
  const home = mkdtempSync(join(scratch, 'tar-'))
  symlinkSync(folder, join(home, 'package'))
  const tar = spawn('tar', ['-chf', '-', '--exclude=package/node_modules', '-C', home, 'package'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  tar.stdout.pipe(response)
}

async function textInTarball(file: string, inside: string): Promise<string> {
  const tar = spawn('tar', ['-xzOf', file, inside], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const chunk of tar.stdout.setEncoding('utf8')) text += String(chunk)
  return text
}
