import { globSync } from 'node:fs'

/** The real programs that tests run. */
export type Peer = 'rabbitmq' | 'collectd' | 'prometheus' | 'openssl'

/** Whether a peer is there, with the libraries that its plugins load. */
export function installed(peer: Peer): boolean {
  return PEERS[peer].files.every((pattern) => globSync(pattern).length > 0)
}

/** The command that installs peers on Debian. */
export function installCommand(peers: Iterable<Peer>): string {
  const packages = [...peers].flatMap((peer) => PEERS[peer].packages)
  return `apt-get install --no-install-recommends ${packages.join(' ')}`
}

/** The first file that matches; throws when there is none, which `installed` tells beforehand. */
export function fileOf(peer: Peer): string {
  const [file] = globSync(PEERS[peer].files[0]!)
  if (file === undefined) throw new Error(`${peer} is not installed. Run: ${installCommand([peer])}`)
  return file
}

const PEERS: Readonly<Record<Peer, { files: readonly string[]; packages: readonly string[] }>> = {
  rabbitmq: {
    files: ['/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server', '/usr/bin/epmd'],
    packages: ['rabbitmq-server'],
  },
  collectd: {
    files: [
      '/usr/sbin/collectd',
      '/usr/lib/collectd/amqp.so',
      '/usr/lib/*/librabbitmq.so.4',
      '/usr/lib/*/libqpid-proton.so.11',
      '/usr/lib/*/libyajl.so.2',
      '/usr/lib/*/libcurl-gnutls.so.4',
    ],
    // Debian's collectd only suggests the libraries of its plugins.
    packages: [
      'collectd-core',
      'librabbitmq4',
      'libqpid-proton11',
      'libyajl2',
      'libcurl3-gnutls',
      'libgcrypt20',
      'libmnl0',
    ],
  },
  prometheus: { files: ['/usr/bin/prometheus'], packages: ['prometheus'] },
  openssl: { files: ['/usr/bin/openssl'], packages: ['openssl'] },
}
