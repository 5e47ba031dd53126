import type { JsonSchema } from '@smart-gateway/sdk'

/** The keys of an options schema as a table in Markdown: name, default, meaning; those inside of objects included. */
export function optionsTable(schema: JsonSchema): string {
  const rows = rowsOf(schema, '')
  if (rows.length === 0) return 'There are none.\n'
  return `| option | default | |\n|---|---|---|\n${rows.join('')}`
}

function rowsOf({ properties = {}, required = [] }: JsonSchema, prefix: string): readonly string[] {
  return Object.entries(properties).flatMap(([key, inner]) => {
    const standard =
      inner.default === undefined
        ? required.includes(key)
          ? 'required'
          : ''
        : `\`${JSON.stringify(inner.default)}\``
    const row = `| \`${prefix}${key}\` | ${cell(standard)} | ${cell(meaningOf(inner))} |\n`
    return [row, ...rowsOf(inner, `${prefix}${key}.`)]
  })
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
