import { readFileSync } from 'node:fs'
import type { Definition } from '@smart-gateway/sdk'
import type { writeCompanions } from './companions.ts'

/** What a person says about how a plugin is to be tried. */
export interface DevWishes {
  readonly options?: object
  /** A transport's. */
  readonly subscription?: object
  /** A file with messages for an input, one on each line. */
  readonly sample?: string
}

/** The instance that the plugin is. */
export const SUBJECT = 'dev'
const EVERY_MS = 1000

/** A configuration in which a plugin has something to do, and what comes out of it is seen. */
export function settingFor(
  definition: Definition,
  folder: string,
  companions: ReturnType<typeof writeCompanions>,
  { options = {}, subscription = {}, sample }: DevWishes,
): object {
  const subject = { [SUBJECT]: { plugin: folder, options } }
  const sampler = (signals: readonly string[]) => ({
    sample: { plugin: companions.sample, isolation: 'inline', options: { signals, everyMs: EVERY_MS } },
  })
  const shown = { show: { plugin: companions.show, isolation: 'inline' } }
  switch (definition.kind) {
    case 'output':
      return { inputs: sampler(definition.signals), outputs: subject }
    case 'filter':
      return {
        filters: subject,
        inputs: sampler(['metric', 'event', 'log']),
        outputs: { show: { ...shown.show, filters: [SUBJECT] } },
      }
    case 'transport':
      return {
        transports: subject,
        inputs: {
          text: {
            plugin: companions.text,
            isolation: 'inline',
            from: { transport: SUBJECT, ...subscription },
          },
        },
        outputs: shown,
      }
    case 'input': {
      const { example } = definition
      const bodies = sample === undefined ? bodiesOf(example) : linesOf(sample)
      // An input without a message to show is one that begins by itself.
      if (bodies.length === 0) return { inputs: subject, outputs: shown }
      const contentType =
        sample === undefined && example !== undefined ? { contentType: example.contentType } : {}
      return {
        transports: { player: { plugin: companions.player } },
        inputs: {
          [SUBJECT]: {
            plugin: folder,
            options,
            from: { transport: 'player', bodies, ...contentType, everyMs: EVERY_MS },
          },
        },
        outputs: shown,
      }
    }
  }
}

function bodiesOf(example: { readonly body: string } | undefined): readonly string[] {
  return example === undefined ? [] : [example.body]
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}
