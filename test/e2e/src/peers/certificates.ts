import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TlsFiles } from './rabbitmq.ts'

const run = promisify(execFile)

/** Makes an authority and a certificate for `name` that it signed, in the folder. Needs openssl. */
export async function makeCertificates(folder: string, name = 'localhost'): Promise<TlsFiles> {
  const at = (file: string) => join(folder, file)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await writeFile(at('san.cnf'), `subjectAltName=DNS:${name}\n`)
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    at('ca-key.pem'),
    '-out',
    at('ca.pem'),
    '-subj',
    '/CN=Test authority',
    '-days',
    '2',
  )
  await openssl('req', ...key, '-keyout', at('key.pem'), '-out', at('request.pem'), '-subj', `/CN=${name}`)
  const authority = ['-CA', at('ca.pem'), '-CAkey', at('ca-key.pem'), '-CAcreateserial']
  await openssl(
    'x509',
    '-req',
    '-in',
    at('request.pem'),
    ...authority,
    '-out',
    at('cert.pem'),
    '-days',
    '2',
    '-extfile',
    at('san.cnf'),
  )
  return { ca: at('ca.pem'), cert: at('cert.pem'), key: at('key.pem') }
}

function openssl(...args: string[]): Promise<unknown> {
  return run('openssl', args)
}
