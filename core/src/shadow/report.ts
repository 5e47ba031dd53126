/** What came of a generation that ran on a copy of the traffic, beside the one that works. */
export interface ShadowReport {
  readonly spanMs: number
  /** What was tried: messages of an input, records of an output. */
  readonly what: 'messages' | 'records'
  readonly tried: number
  /** Of those tried, those that came out otherwise. */
  readonly different: number
  /** What came while the shadow was too far behind to be given more. */
  readonly leftOut: number
  /** The first differences, in words. They name places, never values. */
  readonly examples: readonly string[]
}

/** Whether the generation may take the other's place. What was not tried shows nothing. */
export function isClean({ tried, different }: ShadowReport): boolean {
  return tried > 0 && different === 0
}

/** A report as one sentence. */
export function reportInWords({ spanMs, what, tried, different, leftOut, examples }: ShadowReport): string {
  const came = tried === 0 ? `no ${what} came, so nothing was compared` : `${tried} ${what} were tried`
  const verdict =
    tried === 0 ? '' : different === 0 ? ', all came out alike' : `, ${different} came out otherwise`
  const missed = leftOut === 0 ? '' : `, ${leftOut} were left out`
  const told = examples.length === 0 ? '' : `: ${examples.join('; ')}`
  return `in shadow for ${spanMs / 1000} s: ${came}${verdict}${missed}${told}`
}
