import { readFileSync } from 'node:fs'
import { licenseField } from './license.ts'
import { packageName } from './name.ts'
import type { Wanted } from './scaffold.ts'

/** The package.json of a new plugin. */
export function packageJson({ kind, name, license = 'Apache-2.0' }: Wanted): object {
  const schemas = ['options.schema.json', ...(kind === 'transport' ? ['subscription.schema.json'] : [])]
  return {
    name: packageName(name, kind),
    version: '0.1.0',
    description: `The ${kind} ${name} for the smart gateway.`,
    keywords: ['smart-gateway-plugin'],
    license: licenseField(license),
    files: ['dist', '!dist/**/*.test.*', ...schemas],
    type: 'module',
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    scripts: {
      build: 'tsc',
      test: 'npm run build && node --test "dist/**/*.test.js"',
      conformance: 'npm run build && smart-gateway conformance .',
      document: 'npm run build && smart-gateway document .',
      dev: 'smart-gateway dev .',
      prepack: 'npm run build',
    },
    // The gateway brings the SDK, as every SDK since this one that speaks api 1 serves.
    peerDependencies: { '@smart-gateway/sdk': `>=${OWN.version} <2` },
    devDependencies: OWN.devDependencies,
    engines: OWN.engines,
    smartGateway: {
      api: 1,
      kind,
      options: './options.schema.json',
      ...(kind === 'transport' && { subscription: './subscription.schema.json' }),
    },
  }
}

interface OwnManifest {
  readonly version: string
  /** A new plugin is developed with what this package is developed with: one place says the versions. */
  readonly devDependencies: Readonly<Record<string, string>>
  readonly engines: Readonly<Record<string, string>>
}

const OWN = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as OwnManifest
