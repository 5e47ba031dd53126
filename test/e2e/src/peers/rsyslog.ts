import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileOf } from './installed.ts'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'

/** An rsyslog that runs and forwards what it is sent as JSON lines. */
export interface Rsyslog {
  /** Sends syslog lines, as a program on the network does. */
  send(...lines: readonly string[]): Promise<void>
  log(): string
  stop(): Promise<void>
}

/** Starts Debian's rsyslog in a folder of its own; it forwards JSON lines over TCP to a loopback port. */
export async function startRsyslog({ forwardTo }: { forwardTo: number }): Promise<Rsyslog> {
  const program = fileOf('rsyslog')
  const folder = await mkdtemp(join(tmpdir(), 'rsyslog-'))
  const port = await freePort()
  const file = join(folder, 'rsyslog.conf')
  await writeFile(
    file,
    `global(workDirectory="${folder}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="json" type="list" option.jsonf="on") {
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="severity" name="syslogseverity" format="jsonf")
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="tag" name="syslogtag" format="jsonf")
  property(outname="source" name="app-name" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
  constant(outname="cloud" value="cloud1" format="jsonf")
}
action(type="omfwd" target="127.0.0.1" port="${forwardTo}" protocol="tcp" template="json" action.resumeRetryCount="-1" action.resumeInterval="1")
`,
  )
  const daemon = startProcess(program, ['-n', '-f', file, '-i', join(folder, 'pid')], { cwd: folder })
  await daemon.ready(() => accepts(port))
  return {
    log: () => daemon.log(),
    send: (...lines) => sendLines(port, lines),
    async stop() {
      await daemon.terminate()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function accepts(port: number): Promise<boolean> {
  return sendLines(port, []).then(
    () => true,
    () => false,
  )
}

function sendLines(port: number, lines: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(lines.map((line) => `${line}\n`).join('')))
    socket.on('error', reject)
    socket.on('close', () => resolve())
  })
}
