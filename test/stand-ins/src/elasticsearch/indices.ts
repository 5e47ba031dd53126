import { randomBytes } from 'node:crypto'
import type { Target } from './document.ts'
import { checkIndexName, matches } from './index-name.ts'
import { readMapping } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { Refusal } from './refusal.ts'
import { readSettings } from './settings.ts'
import type { IndexSettings } from './settings.ts'
import type { Templates } from './templates.ts'

/** A document as it is stored. */
export interface StoredDocument {
  /** The index or data stream that it was written to. */
  readonly index: string
  readonly id: string
  readonly version: number
  readonly seqNo: number
  /** Numbers beyond 2^53 are bigint. */
  readonly source: Record<string, unknown>
}

/** An index, or a data stream with its one backing index. */
export interface Index extends Target {
  /** The name that is written to. */
  readonly name: string
  /** The name that answers show: a data stream's backing index, else the name. */
  readonly concreteName: string
  readonly uuid: string
  readonly isDataStream: boolean
  readonly mapping: Mapping
  readonly settings: IndexSettings
  readonly documents: Map<string, StoredDocument>
  nextSeqNo: number
}

export interface Indices {
  readonly all: ReadonlyMap<string, Index>
  /** The index of this name, made if need be as its template says. Throws on a name that no index may have. */
  open(name: string): Index
  /** Makes an index that must not exist yet. */
  create(name: string, body: CreateIndexBody): Index
  delete(name: string): void
  /** The indices that an expression (`a,b*`, `_all`) names. Throws index_not_found_exception for a missing one. */
  resolve(expression: string): Index[]
}

export interface CreateIndexBody {
  readonly settings?: Readonly<Record<string, unknown>>
  readonly mappings?: Readonly<Record<string, unknown>>
}

export function indices(templates: Templates): Indices {
  const all = new Map<string, Index>()
  const make = (name: string, body: CreateIndexBody): Index => {
    checkIndexName(name)
    const template = templates.find(name)
    const isDataStream = template?.data_stream !== undefined
    const mapping = readMapping({ ...template?.template.mappings, ...body.mappings })
    if (isDataStream && !mapping.root.fields.has('@timestamp'))
      mapping.root.fields.set('@timestamp', {
        kind: 'field',
        type: 'date',
        parameters: { ignore_malformed: false },
        multiFields: 0,
      })
    const index: Index = {
      name,
      concreteName: isDataStream ? `.ds-${name}-${today()}-000001` : name,
      uuid: randomBytes(16).toString('base64url'),
      isDataStream,
      mapping,
      settings: readSettings({ ...template?.template.settings, ...body.settings }),
      documents: new Map(),
      nextSeqNo: 0,
    }
    all.set(name, index)
    return index
  }
  const byName = (name: string): Index | undefined =>
    all.get(name) ?? [...all.values()].find(({ concreteName }) => concreteName === name)
  const existing = (name: string): Index => {
    const index = byName(name)
    if (!index) throw notFound(name)
    return index
  }

  return {
    all,
    open: (name) => byName(name) ?? make(name, {}),
    create(name, body) {
      const taken = all.get(name)
      if (taken)
        throw new Refusal(400, {
          type: 'resource_already_exists_exception',
          reason: `index [${name}/${taken.uuid}] already exists`,
          index_uuid: taken.uuid,
          index: name,
        })
      return make(name, body)
    },
    delete: (name) => void all.delete(existing(name).name),
    resolve: (expression) =>
      expression
        .split(',')
        .flatMap((part) =>
          part.includes('*') || part === '_all'
            ? [...all.values()].filter(({ name }) => matches(part === '_all' ? '*' : part, name))
            : [existing(part)],
        ),
  }
}

function notFound(name: string): Refusal {
  return new Refusal(404, {
    type: 'index_not_found_exception',
    reason: `no such index [${name}]`,
    'resource.type': 'index_or_alias',
    'resource.id': name,
    index_uuid: '_na_',
    index: name,
  })
}

const today = (): string => new Date().toISOString().slice(0, 10).replaceAll('-', '.')
