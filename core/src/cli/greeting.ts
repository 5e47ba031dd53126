import type { Gateway } from '../gateway.ts'

/** What a person wants to know after a start: where to send, a line that does it, where it goes, what is not ready. */
export function greeting({ registry, adminUrl, adminFailure }: Gateway, file: string): string {
  const view = registry.view()
  const lines = [`smart-gateway runs ${file}; Ctrl-C stops it`, '']
  for (const { spec, feed, instance } of registry.inputs) {
    const address = String(feed?.address)
    const example = instance.live?.definition.example
    if (!/^[a-z][a-z\d+.-]*:\/\//.test(address)) continue
    lines.push(`  send to ${spec.name}: ${address}`)
    if (example !== undefined && /^https?:/.test(address))
      lines.push(
        `    curl -H ${quoted(`content-type: ${example.contentType}`)} --data ${quoted(example.body)} ${address}`,
      )
  }
  for (const { name, kind, address } of view)
    if (kind === 'output' && address !== undefined) lines.push(`  output ${name}: ${address}`)
  if (adminUrl !== undefined)
    lines.push(
      `  the gateway itself: ${adminUrl}/health/ready ${adminUrl}/metrics ${adminUrl}/api/v1/instances`,
    )
  else lines.push(`  NOT READY admin listener: ${adminFailure ?? 'it does not listen yet'}`)
  for (const { name, kind, state, reason } of view)
    if (state !== 'ready') lines.push(`  NOT READY ${kind} ${name}: ${reason ?? state}`)
  return `${lines.join('\n')}\n\n`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
