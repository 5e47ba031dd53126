import { isAbsolute } from 'node:path'
import { isJsonObject } from '@smart-gateway/sdk/json'
import { parseSpan } from '../config/units.ts'
import type { PluginSource } from '../plugins/source.ts'
import { BadRequest } from './dead-letter-requests.ts'

/** What runs under a name, as far as a swap needs to know it. */
export interface SwapTarget {
  /** The plugin as startup.yaml names it. */
  readonly plugin: string
  /** The name of its npm package. */
  readonly package: string
}

/** A swap as it was asked for. */
export interface SwapRequest {
  readonly source: PluginSource
  readonly shadowMs: number
}

/**
 * Reads `{}`, `{"version": "1.2.3"}` or `{"path": "/folder or tarball"}`, where the new code shall come from; each may have `"shadow": "30s"`.
 */
export function asSwap(request: unknown, target: SwapTarget): SwapRequest {
  if (!isJsonObject(request)) throw new BadRequest(SWAP)
  const { shadow = '0s', ...source } = request
  const shadowMs = typeof shadow === 'string' ? parseSpan(shadow) : undefined
  if (shadowMs === undefined) throw new BadRequest('shadow is a time such as "30s" or "5m"')
  return { source: sourceOf(source, target), shadowMs }
}

function sourceOf(
  { version, path, ...others }: Readonly<Record<string, unknown>>,
  target: SwapTarget,
): PluginSource {
  if (Object.keys(others).length > 0 || (version !== undefined && path !== undefined))
    throw new BadRequest(SWAP)
  if (typeof version === 'string' && version !== '') return { kind: 'npm', name: target.package, version }
  if (typeof path === 'string' && isAbsolute(path))
    return { kind: /\.(tgz|tar\.gz)$/.test(path) ? 'tarball' : 'folder', path }
  if (version !== undefined || path !== undefined) throw new BadRequest(SWAP)
  return { kind: 'installed', plugin: target.plugin }
}

const SWAP =
  'a swap takes {"version": "1.2.3"} from npm, {"path": "/absolute/folder/or/tarball.tgz"}, or {} for what is installed, and "shadow": "30s"'

/** Reads `{"atomic": true}`. */
export function asReload(request: unknown): { readonly atomic: boolean } {
  if (!isJsonObject(request)) throw new BadRequest(RELOAD)
  const { atomic = false, ...others } = request
  if (typeof atomic !== 'boolean' || Object.keys(others).length > 0) throw new BadRequest(RELOAD)
  return { atomic }
}

const RELOAD = 'a reload takes {} or {"atomic": true}'
