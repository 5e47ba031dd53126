import { createHash, timingSafeEqual } from 'node:crypto'

/** What rhea offers as login mechanisms: each a function that makes one side of it. */
export type Mechanisms = Record<string, () => object>

/** How peers may log in at a listener. */
export interface Door {
  /** Whether the peer has shown a certificate that was verified. */
  readonly certified: boolean
  readonly mayEnter: ((user: string, password: string) => boolean) | undefined
  /** A password was wrong. */
  refused(user: string): void
}

/** The mechanisms of a listener. Without users everybody may enter, under any name. */
export function serverMechanisms({ certified, mayEnter, refused }: Door): Mechanisms {
  const plain = () => ({
    start(response: Buffer | null) {
      const [, user = '', password = ''] = (response ?? '').toString().split('\0')
      const admitted = mayEnter === undefined || mayEnter(user, password)
      if (!admitted) refused(user)
      Object.assign(this, { outcome: admitted, username: user })
    },
  })
  const admit = () => ({
    start() {
      Object.assign(this, { outcome: true })
    },
  })
  return {
    ...(certified && { EXTERNAL: admit }),
    ...(mayEnter === undefined && { ANONYMOUS: admit }),
    PLAIN: plain,
  }
}

/** Tells whether a password is a user's, in a time that says nothing about how much of either was right. */
export function passwordsOf(
  users: Readonly<Record<string, string>>,
): (user: string, password: string) => boolean {
  const digests = new Map(Object.entries(users).map(([user, password]) => [user, digest(password)]))
  const nobody = digest('')
  return (user, password) => {
    const right = timingSafeEqual(digest(password), digests.get(user) ?? nobody)
    return right && digests.has(user)
  }
}

/** How the gateway logs in at a peer. */
export interface Login {
  readonly username?: string
  readonly password?: string
  readonly certified: boolean
}

/** The one mechanism that a client has use for; rhea would take the first that the server names. */
export function clientMechanisms({ username, password = '', certified }: Login): Mechanisms {
  if (username !== undefined) return { PLAIN: says(`\0${username}\0${password}`) }
  return certified ? { EXTERNAL: says('') } : { ANONYMOUS: says('anonymous') }
}

// rhea's own PLAIN counts characters where it should count bytes.
function says(text: string): () => object {
  const response = Buffer.from(text)
  return () => ({
    start: (callback: (error: undefined, response: Buffer) => void) => callback(undefined, response),
  })
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
