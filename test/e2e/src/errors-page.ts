/** Makes docs/errors.md from the gateway's table of errors. */
export function errorsPage(
  errors: Readonly<Record<string, { readonly means: string; readonly hint: string }>>,
): string {
  const rows = Object.entries(errors).map(
    ([code, { means, hint }]) => `| \`${code}\` | ${cell(means)} | ${cell(hint)} |`,
  )
  return `# Error codes

Every failure that the gateway itself names has one of these codes: \`code\` in its log line, and on the error that a program gets.

| code | means | what to do |
|---|---|---|
${rows.join('\n')}
`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
