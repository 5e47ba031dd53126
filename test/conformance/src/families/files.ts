import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import { credentialFiles, unmarkedFiles } from '../subject/credential-files.ts'
import { unreachable } from '../subject/elsewhere.ts'
import { startSilentPeer } from '../subject/silent-peer.ts'
import type { Subject } from '../subject/subject.ts'
import { inTime } from '../time.ts'
import { isRead, namingsOf, tellsOfReading, wrongWith } from '../work/named-files.ts'
import type { Naming } from '../work/named-files.ts'

/** How long a peer waits before it hangs up: who reads a file while it connects has read it by then. */
const HOLDS_MS = [150, 1000]
const LOOK_MS = 1500

/** Files that options name. */
export const FILES: readonly Check[] = [
  {
    id: 'options.files',
    level: 'should',
    clauses: ['C-7'],
    kinds: KINDS,
    async run({ definition }) {
      const unmarked = unmarkedFiles(definition.options)
      ensure(unmarked.length === 0, {
        did: 'looked for files with a certificate, a key or a secret in the schema of the options',
        saw: `these name one and have no format: ${unmarked.join(', ')}`,
        hint: "Add format: 'file'; the host opens the plugin anew when such a file has changed.",
      })
    },
  },
  {
    id: 'options.missing-files',
    level: 'must',
    clauses: ['C-9'],
    kinds: KINDS,
    async run(subject) {
      const paths = credentialFiles(subject.definition.options)
      if (paths.length === 0) notRun('no option names the file of a certificate, a key or a secret')
      if (!tellsOfReading(subject.folder)) notRun('the file system does not tell what is read')
      let seen = 0
      for (const path of inTime(paths, LOOK_MS)) if (await isLookedAt(subject, path)) seen++
      if (seen === 0)
        notTried(
          'with what could be made from the schema it reads none of the files that its options name; give options in conformance.js with which it does',
          'options',
        )
    },
  },
]

/** Fails where it reads the file that an option names, and does not say so when that is missing; false where it does not read it. */
async function isLookedAt(subject: Subject, path: readonly string[]): Promise<boolean> {
  let wrong: string | undefined
  // What connects and reads at once may hear of the end of its connection first.
  for (const holdMs of HOLDS_MS) {
    const peer = await startSilentPeer((socket) => void setTimeout(() => socket.destroy(), holdMs))
    try {
      const naming = await readNaming(subject, peer.port, path)
      if (naming === undefined) return false
      wrong = await wrongWith(subject, naming.missing)
    } finally {
      peer.close()
    }
    if (wrong === undefined) return true
  }
  fail({
    did: `opened it with options whose ${path.join('.')} names a file that is not there, and that it reads where there is one`,
    saw: wrong!,
    hint: 'Read it in open, and throw an error such as: "tls.ca" cannot be read: ENOENT …',
  })
}

/** Options with which it reads the file that one of them names. */
async function readNaming(
  subject: Subject,
  port: number,
  path: readonly string[],
): Promise<Naming | undefined> {
  const base = (await unreachable(subject, port)) as object
  for (const naming of namingsOf(subject, base, path)) if (await isRead(subject, naming.there)) return naming
  return undefined
}
