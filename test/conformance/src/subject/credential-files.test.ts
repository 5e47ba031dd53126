import { expect, test } from 'vitest'
import { credentialFiles, isCredentialFile, unmarkedFiles } from './credential-files.ts'

const NAMING = [
  ['ca', "PEM file of the authorities that vouch for the broker, instead of the system's."],
  ['cert', "PEM file with the gateway's own certificate."],
  ['key', 'The file that holds the key of `cert`.'],
  ['clientKey', 'Path of the file with the private key.'],
  ['caFile', 'Who vouches for the store.'],
  ['tlsCAFile', ''],
  ['ssl_key_file', ''],
  ['keyFileName', 'For TLS.'],
  ['passwordFile', "Where the user's password stands."],
  ['token', 'File from which the token is read.'],
  ['keytab', 'The keytab file of the gateway.'],
] as const

test.each(NAMING)('%s (%s) names the file of a credential', (name, description) => {
  expect(isCredentialFile(name, description)).toBe(true)
})

const NONE = [
  ['file', 'The recording, one message per line.'],
  ['path', 'The file that lines are appended to, made with its folders when missing; "-" is stdout.'],
  ['key', 'The field that holds the name of the file.'],
  ['keyField', 'The field of a file that names the key.'],
  ['keyProfile', 'Which profile of keys is used.'],
  ['key', 'The private key, as PEM.'],
  ['cert', 'The text of the certificate, or the path of the file of it.'],
  ['ca', 'The contents of a PEM file.'],
  ['tokenPath', 'Path at which tokens are given.'],
  ['secretPath', 'Path of the secret in the vault.'],
  ['caPath', 'Folder with the PEM files of the authorities.'],
  ['tokenFile', 'Where the token is kept once it was renewed.'],
  ['keyFile', 'File to which new keys are written.'],
  ['tokenFile', 'Cache of the access token between two starts.'],
  ['monkeyFile', 'File with names.'],
] as const

test.each(NONE)('%s (%s) names none', (name, description) => {
  expect(isCredentialFile(name, description)).toBe(false)
})

const PEM = 'PEM file of the authorities.'

test('options that name the file of a credential are told apart by whether they say so', () => {
  const schema = {
    type: 'object',
    properties: {
      cert: { type: 'string', description: PEM },
      key: { type: 'string', writeOnly: true, description: PEM },
      caFile: { type: 'string', format: 'uri', description: PEM },
      tls: { type: 'object', properties: { ca: { type: 'string', format: 'file', description: PEM } } },
      crl: { type: 'array', description: PEM, items: { type: 'string', format: 'file' } },
      samples: { type: 'string', format: 'file', description: 'Messages to begin with.' },
      token: { type: 'string', format: 'file', description: 'The file of the token, which may be missing.' },
      moreCa: {
        type: 'string',
        format: 'file',
        description: 'PEM file of further authorities, used if present.',
      },
    },
  }
  expect(unmarkedFiles(schema)).toEqual(['cert'])
  expect(credentialFiles(schema)).toEqual([
    ['tls', 'ca'],
    ['crl', '[]'],
  ])
})
