/** One end of a link as the peer gave it, or undefined when it gave none: rhea has an object for that too. */
export function terminusOf<T extends object>(given: T | null | undefined): T | undefined {
  return given && 'address' in given ? given : undefined
}
