import type { JsonSchema } from '@smart-gateway/sdk'

/**
 * The keys of an options schema as a table in Markdown: name, default, meaning; those inside of objects (`tls.ca`) and of the items of
 * lists (`rules[].name`) included.
 */
export function optionsTable(schema: JsonSchema): string {
  const rows = rowsOf(schema, '')
  if (rows.length === 0) return 'There are none.\n'
  return `| option | default | |\n|---|---|---|\n${rows.join('')}`
}

function rowsOf({ properties = {}, required = [], items }: JsonSchema, path: string): readonly string[] {
  const ofKeys = Object.entries(properties).flatMap(([key, inner]) => {
    const name = path === '' ? key : `${path}.${key}`
    const standard =
      inner.default === undefined
        ? required.includes(key)
          ? 'required'
          : ''
        : `\`${JSON.stringify(inner.default)}\``
    const row = `| \`${name}\` | ${cell(standard)} | ${cell(meaningOf(inner))} |\n`
    return [row, ...rowsOf(inner, name)]
  })
  return isSchema(items) ? [...ofKeys, ...rowsOf(items, `${path}[]`)] : ofKeys
}

/** Not where there is none, nor where there is one for each place of a list. */
function isSchema(items: JsonSchema['items']): items is JsonSchema {
  return typeof items === 'object' && !Array.isArray(items)
}

function meaningOf({ description = '', enum: values, writeOnly }: JsonSchema): string {
  const oneOf =
    values === undefined
      ? []
      : [`One of ${values.map((value) => `\`${JSON.stringify(value)}\``).join(', ')}.`]
  return [description, ...oneOf, ...(writeOnly === true ? ['A secret.'] : [])]
    .filter((one) => one !== '')
    .join(' ')
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll(/\s*\n\s*/g, ' ')
}
