/** What a request carries. */
export interface Body {
  readonly bytes: Buffer
  readonly headers: Readonly<Record<string, string>>
}
