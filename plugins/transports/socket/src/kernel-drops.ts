import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { endianness } from 'node:os'

/** A watch on a UDP socket's count of datagrams that the kernel dropped for want of buffer. */
export interface DropWatch {
  /** Looks now. */
  look(): Promise<void>
  /** Looks a last time. */
  stop(): Promise<void>
}

/** Tells how many more were dropped, every other second. Where the system has no such count, nothing is ever told. */
export async function watchDrops(
  host: string,
  port: number,
  told: (datagrams: number) => void,
): Promise<DropWatch> {
  const { address } = await lookup(host)
  const file = isIPv6(address) ? '/proc/net/udp6' : '/proc/net/udp'
  const entry = entryOf(address, port)
  const count = async (): Promise<number | undefined> => {
    const table = await readFile(file, 'latin1').catch(() => '')
    return dropsIn(table, entry)
  }

  let before = await count()
  const compare = async (): Promise<void> => {
    const now = await count()
    if (now === undefined || before === undefined || now === before) return
    // The kernel's number has 32 bits and begins anew beyond them.
    const more = (now - before) >>> 0
    before = now
    told(more)
  }
  let looking: Promise<void> = Promise.resolve()
  const look = (): Promise<void> => (looking = looking.then(compare))
  const timer = before === undefined ? undefined : setInterval(look, EVERY_MS).unref()
  return {
    look,
    async stop() {
      clearInterval(timer)
      await look()
    },
  }
}

/** How the table names a local address: `0100007F:1358`, each 32-bit word of the address in the machine's own byte order. */
export function entryOf(address: string, port: number): string {
  const words = isIPv6(address) ? wordsOfIPv6(address) : [hex(address.split('.').map(Number), 2)]
  const own = endianness() === 'LE' ? words.map(swapped) : words
  return `${own.join('')}:${hex([port], 4)}`
}

/** The drops of a local address; undefined when the table does not have it. */
export function dropsIn(table: string, entry: string): number | undefined {
  // With the colon of the row's number before it: an entry without one is a remote address.
  const found = table.indexOf(`: ${entry} `)
  if (found === -1) return undefined
  const end = table.indexOf('\n', found)
  const line = table.slice(found, end === -1 ? undefined : end).trimEnd()
  return Number(line.slice(line.lastIndexOf(' ')))
}

const EVERY_MS = 2000

function wordsOfIPv6(address: string): string[] {
  // A URL writes it the one short way, an embedded IPv4 address included.
  const { hostname } = new URL(`http://[${address.split('%', 1)[0]}]`)
  const [head = [], tail = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => parseInt(group, 16))))
  const groups = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  return [0, 2, 4, 6].map((i) => hex(groups.slice(i, i + 2), 4))
}

function swapped(word: string): string {
  return word.replace(/(..)(..)(..)(..)/, '$4$3$2$1')
}

function hex(numbers: readonly number[], digits: number): string {
  return numbers.map((number) => number.toString(16).toUpperCase().padStart(digits, '0')).join('')
}
