/** The transport's own answers: a status and one sentence for whoever reads the producer's log. */

export function accepted(): Response {
  return answer(200, 'accepted')
}

export function refused(status: number, sentence: string, headers: Record<string, string> = {}): Response {
  return answer(status, sentence, headers)
}

/** Says "later": the producer keeps the message and tries again. */
export function busy(sentence: string, retryAfterMs = 1000): Response {
  return answer(503, sentence, { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) })
}

function answer(status: number, sentence: string, headers: Record<string, string> = {}): Response {
  return new Response(`${sentence}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  })
}
