/** The index settings that decide what is refused. */
export interface IndexSettings {
  readonly totalFieldsLimit: number
  readonly depthLimit: number
  readonly ignoreMalformed: boolean
  readonly ignoreDynamicBeyondLimit: boolean
}

/** Reads settings written nested, dotted, with or without `index.`; what the stand-in does not model is passed over. */
export function readSettings(body: Readonly<Record<string, unknown>>): IndexSettings {
  const flat = new Map<string, string>()
  flatten(body, '', flat)
  return {
    totalFieldsLimit: Number(flat.get('mapping.total_fields.limit') ?? 1000),
    depthLimit: Number(flat.get('mapping.depth.limit') ?? 20),
    ignoreMalformed: flat.get('mapping.ignore_malformed') === 'true',
    ignoreDynamicBeyondLimit: flat.get('mapping.total_fields.ignore_dynamic_beyond_limit') === 'true',
  }
}

function flatten(value: unknown, path: string, flat: Map<string, string>): void {
  if (typeof value !== 'object' || value === null)
    return void flat.set(path.replace(/^index\./, ''), String(value))
  for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, flat)
}
