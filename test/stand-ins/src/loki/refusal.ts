/** Thrown by whatever refuses; answered as plain text, as Go's http.Error does. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export const badRequest = (message: string): Refusal => new Refusal(400, message)
