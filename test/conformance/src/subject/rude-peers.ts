import type { Socket } from 'node:net'

/** What peers that are of no use do with a connection. */
export const RUDE: Readonly<Record<string, (socket: Socket) => void>> = {
  'hangs up at once': (socket) => socket.destroy(),
  'answers what no protocol knows': (socket) =>
    void socket.end('\u0000\u0001 what do you want?\r\n\r\n'.repeat(20)),
}
