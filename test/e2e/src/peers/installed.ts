import { globSync } from 'node:fs'

/** The real programs that tests run. */
export type Peer =
  | 'rabbitmq'
  | 'collectd'
  | 'prometheus'
  | 'alertmanager'
  | 'openssl'
  | 'ceilometer'
  | 'rsyslog'
  | 'prlimit'

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
      '/usr/lib/collectd/amqp1.so',
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
  ceilometer: {
    files: [
      '/usr/bin/python3',
      '/usr/lib/python3/dist-packages/ceilometer/publisher/messaging.py',
      '/usr/lib/python3/dist-packages/pyngus/__init__.py',
      '/usr/lib/python3/dist-packages/proton/__init__.py',
    ],
    // The last two let oslo.messaging speak AMQP 1.0.
    packages: ['python3-ceilometer', 'python3-oslo.messaging', 'python3-pyngus', 'python3-qpid-proton'],
  },
  rsyslog: { files: ['/usr/sbin/rsyslogd'], packages: ['rsyslog'] },
  alertmanager: { files: ['/usr/bin/prometheus-alertmanager'], packages: ['prometheus-alertmanager'] },
  prlimit: { files: ['/usr/bin/prlimit'], packages: ['util-linux'] },
  openssl: { files: ['/usr/bin/openssl'], packages: ['openssl'] },
}
