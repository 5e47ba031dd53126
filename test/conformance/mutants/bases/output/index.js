import { Agent, request } from 'node:http'

const MOST_SEEN = 5000

/** Posts records as lines to a store over HTTP, and remembers which ones it has written last. */
export default {
  api: 1,
  kind: 'output',
  name: 'base',
  signals: ['log', 'metric'],
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: {
      url: { type: 'string', format: 'uri', description: 'Where the store is.' },
      token: { type: 'string', writeOnly: true, description: 'What the store wants to see.' },
      timeoutMs: { type: 'integer', default: 1000, description: 'How long an answer is waited for.' },
    },
  },
  async open({ options, log, signal }) {
    const agent = new Agent({ keepAlive: true })
    const seen = new Set()
    let writing = Promise.resolve()
    let stopping
    const post = (lines) => send(options, agent, signal, lines)
    log.info(`writes to ${options.url}`)
    try {
      await post([])
    } catch (error) {
      agent.destroy()
      throw error
    }
    const put = async (batch) => {
      const lines = linesOf(batch)
      forgetOldest(seen)
      const { refused } = await post(lines)
      for (const line of lines) seen.add(line)
      if (refused.length > 0)
        return {
          rejected: refused.map((index) => ({ index, error: failure('the store refuses it', false) })),
        }
    }
    return {
      address: options.url,
      async write(batch) {
        if (stopping) throw failure('it has stopped', true)
        const written = put(batch)
        writing = written.catch(() => undefined)
        return await written
      },
      rehearse: (batch) => void linesOf(batch),
      health: () => ({ state: 'ready' }),
      exportState: () => ({ seen: new Set(seen) }),
      restore(state) {
        if (!(state?.seen instanceof Set)) return
        for (const line of state.seen) seen.add(line)
      },
      follow(batch) {
        for (const line of linesOf(batch)) seen.add(line)
      },
      stop() {
        stopping ??= writing.then(() => agent.destroy())
        return stopping
      },
    }
  },
}

function linesOf(batch) {
  if (batch.signal === 'log') return batch.records.map((record) => stringify(record))
  return Array.from({ length: batch.length }, (_, i) =>
    stringify([batch.series[i], String(batch.values[i]), batch.times[i]]),
  )
}

function forgetOldest(seen) {
  for (const line of seen) {
    if (seen.size <= MOST_SEEN) return
    seen.delete(line)
  }
}

function stringify(value) {
  return JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member))
}

function send({ url, token, timeoutMs }, agent, signal, lines) {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: 'POST',
      agent,
      signal,
      headers: { authorization: `Bearer ${token}` },
    })
    const timer = setTimeout(() => asked.destroy(failure('no answer', true)), timeoutMs)
    asked.on('close', () => clearTimeout(timer))
    asked.on('error', (cause) => reject(failure('the store cannot be reached', true, { cause })))
    asked.on('response', async (answer) => {
      try {
        const text = (await answer.toArray()).join('')
        if (answer.statusCode === 200) resolve(JSON.parse(text))
        else reject(refusal(answer))
      } catch (cause) {
        reject(failure('the answer is broken', true, { cause }))
      }
    })
    asked.end(lines.map((line) => `${line}\n`).join(''))
  })
}

function refusal({ statusCode, headers }) {
  const error = failure(`the store answers ${statusCode}`, statusCode !== 400)
  if (headers['retry-after']) error.retryAfter = Number(headers['retry-after']) * 1000
  return error
}

function failure(message, retryable, details) {
  return Object.assign(new Error(message, details), { retryable })
}
