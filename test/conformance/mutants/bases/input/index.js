/** Reads a JSON list of samples and log lines. */
export default {
  api: 1,
  kind: 'input',
  name: 'base',
  signals: ['metric', 'log'],
  options: { type: 'object', additionalProperties: false, properties: {} },
  example: {
    contentType: 'application/json',
    body: '[{"name":"up","host":"a","value":1,"time":1763632200000},{"line":"hello","host":"a","time":1763632200001}]',
  },
  open({ series }) {
    return {
      decode({ body }, out) {
        const elements = parse(body.toString())
        for (const element of elements) {
          const { name, line, host, value, time } = element ?? {}
          if (typeof host !== 'string' || host === '' || !Number.isFinite(time) || time < 0)
            out.reject('no host or no time')
          else if (typeof name === 'string' && name !== '' && typeof value === 'number')
            out.sample(seriesOf(series, name, host), value, time)
          else if (typeof line === 'string') out.log(logOf(line, host, time))
          else out.reject('neither a sample nor a line')
        }
      },
    }
  },
}

function parse(text) {
  const elements = JSON.parse(text)
  if (!Array.isArray(elements)) throw Object.assign(new Error('not a list'), { retryable: false })
  return elements
}

function seriesOf(table, name, host) {
  const key = `${host} ${name}`
  const known = table.lookup(key)
  if (known) return known[0]
  return table.intern(key, [{ name, labels: { host }, type: 'gauge', intervalMs: 0 }])[0]
}

function logOf(message, publisher, timeMs) {
  return { index: 'base', timeMs, severity: 'info', publisher, labels: {}, message }
}
