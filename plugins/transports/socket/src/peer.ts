/** Where a message came from, as its `headers` say it. */
export type Peer = { readonly peer: string }

/** `ip:port`, an IPv6 address in brackets. */
export function peerOf(address: string | undefined, port: number | undefined): string {
  return address?.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
