import { get } from 'node:http'

/** A Prometheus that scrapes the page. */
export default {
  async setup() {
    return {
      options: { port: 0 },
      // The page is the store, and goes with its session.
      keeps: false,
      async received(address: string | undefined) {
        const page = await scrape(address!)
        return page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      },
      close() {},
    }
  },
}

function scrape(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, async (answer) => resolve((await answer.toArray()).join(''))).on(
      'error',
      reject,
    )
  })
}
