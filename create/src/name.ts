import type { Kind } from './kind.ts'

/** The short name of a plugin, as startup.yaml says it. Throws an Error with one sentence when it cannot be one. */
export function shortName(given: string, kind: Kind): string {
  const prefix = `smart-gateway-${kind}-`
  const name = given.startsWith(prefix) ? given.slice(prefix.length) : given
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > MOST_CHARACTERS)
    throw new Error(
      `${JSON.stringify(given)} cannot be the name of a plugin: use lower case letters, digits and single hyphens, such as my-store`,
    )
  return name
}

/** A short name in startup.yaml is looked up under this one. */
export function packageName(name: string, kind: Kind): string {
  return `smart-gateway-${kind}-${name}`
}

/** npm admits 214 for a whole name. */
const MOST_CHARACTERS = 100
