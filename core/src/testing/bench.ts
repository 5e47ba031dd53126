import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished, vi } from 'vitest'
import type {
  Context,
  FilterSession,
  InputContext,
  InputSession,
  JsonSchema,
  OutputSession,
  Signal,
  TransportSession,
} from '@smart-gateway/sdk'
import { createGateway } from '../gateway.ts'
import type { Gateway, GatewayOptions } from '../gateway.ts'
import type { InstanceView } from '../registry/view.ts'
import { recordingLog } from './log-lines.ts'
import type { Line } from './log-lines.ts'
import { writePlugin } from './plugin-folder.ts'
import { scratch } from './scratch.ts'

/** What a plugin of each kind opens. `unknown` lets a test open nonsense. */
interface Opens {
  transport: (context: Context) => TransportSession | Promise<TransportSession>
  input: (context: InputContext) => InputSession | Promise<InputSession>
  filter: (context: Context) => FilterSession | Promise<FilterSession>
  output: (context: Context) => OutputSession | Promise<OutputSession>
}

/** What else a plugin's definition holds; `top` is code that runs when its module is imported. */
export interface Details {
  readonly version?: string
  readonly api?: number
  readonly signals?: readonly Signal[]
  readonly signalsOnRequest?: readonly Signal[]
  readonly options?: JsonSchema
  readonly subscription?: JsonSchema
  readonly redelivers?: boolean
  readonly top?: string
}

/** A folder with plugin packages whose sessions are made by functions of the test, and gateways that run them in this process. */
export interface Bench {
  readonly folder: string
  readonly lines: Line[]
  /** Writes a plugin and returns its folder. */
  plugin<K extends keyof Opens>(kind: K, name: string, open: Opens[K], details?: Details): string
  /** Makes a gateway; it is stopped with the test. */
  gateway(config: object): Gateway
  /** Writes startup.yaml, in one go. */
  write(config: object | string): void
  /** Makes a gateway of startup.yaml; it is stopped with the test. */
  gatewayOfFile(options?: GatewayOptions): Gateway
}

export async function makeBench(): Promise<Bench> {
  // The shortest waits that jitter allows.
  const random = vi.spyOn(Math, 'random').mockReturnValue(0)
  onTestFinished(() => random.mockRestore())
  const folder = scratch()
  const file = join(folder, 'startup.yaml')
  const bridge = pathToFileURL(join(folder, 'bridge.mjs')).href
  writeFileSync(join(folder, 'bridge.mjs'), 'export const opens = new Map()\n')
  const { opens } = (await import(bridge)) as { opens: Map<string, unknown> }
  const { log, lines } = recordingLog()
  return {
    folder,
    lines,
    plugin(kind, name, open, { version = '1.0.0', top = '', ...details } = {}) {
      const key = `${kind}-${name}-${version}`
      opens.set(key, open)
      const definition = {
        api: 1,
        kind,
        name,
        signals: ['metric', 'event', 'log'],
        options: { type: 'object' },
        subscription: { type: 'object' },
        redelivers: true,
        ...details,
      }
      return writePlugin(join(folder, key), kind, {
        'package.json': {
          name: `@smart-gateway/test-${kind}-${name}`,
          version,
          type: 'module',
          main: 'index.js',
          smartGateway: { api: 1, kind },
        },
        'index.js': [
          `import { opens } from ${JSON.stringify(bridge)}`,
          top,
          `export default { ...${JSON.stringify(definition)}, open: (context) => opens.get(${JSON.stringify(key)})(context) }`,
        ].join('\n'),
      })
    },
    gateway(config) {
      const gateway = createGateway({ ...quiet(config) }, { folder, log, environment: {} })
      onTestFinished(async () => void (await gateway.stop()))
      return gateway
    },
    write(config) {
      const text = typeof config === 'string' ? config : JSON.stringify(quiet(config), undefined, 2)
      writeFileSync(`${file}.new`, text)
      renameSync(`${file}.new`, file)
    },
    gatewayOfFile(options) {
      const gateway = createGateway(file, { log, environment: {}, ...options })
      onTestFinished(async () => void (await gateway.stop()))
      return gateway
    },
  }
}

/** One instance as the gateway shows it. */
export function viewOf({ registry }: Gateway, name: string): InstanceView {
  return registry.view().find((one) => one.name === name)!
}

// No test has business on the default port, or the time for the default drain.
function quiet(config: { readonly gateway?: object }): object {
  return { ...config, gateway: { drain: '1s', admin: { port: 0 }, ...config.gateway } }
}
