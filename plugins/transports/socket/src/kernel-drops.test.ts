import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import { expect, test } from 'vitest'
import { hasIPv6 } from '../test/bench.ts'
import { dropsIn, entryOf } from './kernel-drops.ts'

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  370: 0101007F:1358 0100007F:1359 01 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 5
  370: 0101007F:1359 0100007F:1358 01 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 7
 1370: 0100007F:1358 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4713 2 0000000000000000 42        
`

test('drops are those of the local address, not of who sends to it or of its port elsewhere', () => {
  expect(dropsIn(TABLE, '0100007F:1358')).toBe(42)
  expect(dropsIn(TABLE, '0101007F:1359')).toBe(7)
  expect(dropsIn(TABLE, '00000000:1358')).toBeUndefined()
  expect(dropsIn('', '0100007F:1358')).toBeUndefined()
})

test.skipIf(endianness() !== 'LE')('addresses are written as the kernel writes them', () => {
  expect(entryOf('127.0.0.1', 4952)).toBe('0100007F:1358')
  expect(entryOf('0.0.0.0', 80)).toBe('00000000:0050')
  expect(entryOf('::', 65_535)).toBe(`${'0'.repeat(32)}:FFFF`)
  expect(entryOf('::1', 4952)).toBe(`${'0'.repeat(24)}01000000:1358`)
  expect(entryOf('2001:db8:0:1::a:b', 1)).toBe('B80D012001000000000000000B000A00:0001')
  expect(entryOf('fe80::1%eth0', 1)).toBe('000080FE000000000000000001000000:0001')
  expect(entryOf('::ffff:127.0.0.1', 1)).toBe('0000000000000000FFFF00000100007F:0001')
})

test.skipIf(!existsSync('/proc/net/udp'))(
  'a bound socket is found in the table of this machine',
  async () => {
    for (const host of ['127.0.0.1', '0.0.0.0', ...(hasIPv6 ? ['::1', '::'] : [])]) {
      const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').bind(0, host)
      await once(socket, 'listening')
      const table = readFileSync(host.includes(':') ? '/proc/net/udp6' : '/proc/net/udp', 'latin1')
      expect(dropsIn(table, entryOf(host, socket.address().port))).toBe(0)
      socket.close()
    }
  },
)
