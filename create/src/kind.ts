/** What a plugin can be. */
export type Kind = 'transport' | 'input' | 'filter' | 'output'

/** Every kind, with what one of it does. */
export const KINDS: Readonly<Record<Kind, string>> = {
  transport: 'brings messages and learns whether they may be acknowledged',
  input: 'turns a message into records',
  filter: 'changes records or takes them away',
  output: 'makes a store accept a batch of records',
}

export function isKind(text: string): text is Kind {
  return Object.hasOwn(KINDS, text)
}
