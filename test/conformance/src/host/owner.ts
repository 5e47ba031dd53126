/** Who holds something that the host lends: a generation of an instance. */
export interface Owner {
  readonly instance: string
  readonly generation: number
}

/** A generation's place among those that share a route or a socket. */
export interface Place {
  /** Makes its handler the one that is handed what comes. */
  activate(): void
  close(): Promise<void>
}

/** Whether one owner is in the way of another. Generations of one instance stand beside each other. */
export function isInTheWay(one: Owner, of: Owner): boolean {
  return one.instance !== of.instance || one.generation === of.generation
}
