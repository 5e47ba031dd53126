import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Routes } from './routes.ts'
import type { Owner, Place, Route } from './routes.ts'

const HOST = '127.0.0.1'

/** Routes, and what went wrong in their handlers. */
function bench() {
  const told: string[] = []
  const routes = new Routes((error, what) => void told.push(`${what}: ${(error as Error).message}`))
  return {
    told,
    /** Serves a path that answers with a text, live at once. */
    async serve(route: Omit<Route, 'host'>, owner: Owner, answer = owner.instance): Promise<Place> {
      const place = await claim(routes, route, owner, answer)
      place.activate()
      return place
    },
    claim: (route: Omit<Route, 'host'>, owner: Owner, answer = owner.instance) =>
      claim(routes, route, owner, answer),
    routes,
  }
}

async function claim(
  routes: Routes,
  route: Omit<Route, 'host'>,
  owner: Owner,
  answer: string,
): Promise<Place> {
  const place = await routes.claim({ host: HOST, ...route }, owner, () => new Response(answer))
  onTestFinished(() => place.close())
  return place
}

function owner(instance: string, generation = 1): Owner {
  return { instance, generation }
}

async function get(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' } })
  return `${response.status} ${(await response.text()).trim()}`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST)
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('two instances share a port by their paths', async () => {
  const { serve } = bench()
  const port = await freePort()
  const a = await serve({ port, path: '/a' }, owner('a'))
  const b = await serve({ port, path: '/b' }, owner('b'))
  expect([await get(a.url), await get(b.url)]).toEqual(['200 a', '200 b'])
  expect(await get(`http://${HOST}:${port}/c`)).toBe('404 nothing is served here; known paths: /a, /b')
  await a.close()
  expect([await get(a.url), await get(b.url)]).toEqual([expect.stringContaining('404'), '200 b'])
  await b.close()
  await expect(get(b.url)).rejects.toThrow()
})

test('the same path twice is refused, to another instance and to the same generation', async () => {
  const { serve } = bench()
  const port = await freePort()
  const a = await serve({ port, path: '/a' }, owner('a'))
  const taken = { code: 'SG_ROUTE_TAKEN', message: `${a.url} is already served by a` }
  await expect(serve({ port, path: '/a' }, owner('b'))).rejects.toMatchObject(taken)
  await expect(serve({ port, path: '/a' }, owner('a'))).rejects.toMatchObject(taken)
  expect(await get(a.url)).toBe('200 a')
})

test('a port in use says so, and is tried anew by the next who asks', async () => {
  const { serve } = bench()
  const blocker = createServer().listen(0, HOST)
  onTestFinished(() => void blocker.close())
  await new Promise((resolve) => blocker.once('listening', resolve))
  const { port } = blocker.address() as AddressInfo
  const inUse = { code: 'SG_PORT_IN_USE', message: `cannot listen on ${HOST}:${port}: the port is in use` }
  const tries = [serve({ port, path: '/a' }, owner('a')), serve({ port, path: '/b' }, owner('b'))]
  for (const outcome of await Promise.allSettled(tries))
    expect(outcome).toMatchObject({ status: 'rejected', reason: inUse })
  await new Promise((resolve) => blocker.close(resolve))
  expect(await get((await serve({ port, path: '/a' }, owner('a'))).url)).toBe('200 a')
})

test('an address that is not of this machine is refused', async () => {
  const { routes } = bench()
  const claimed = routes.claim({ host: '203.0.113.1', port: 0, path: '/' }, owner('a'), () => new Response())
  await expect(claimed).rejects.toMatchObject({ code: 'SG_PORT_REFUSED' })
})

test('a new generation stands by until it is activated; the port stays bound through the change', async () => {
  const { serve, claim: standBy } = bench()
  const port = await freePort()
  const old = await serve({ port, path: '/a' }, owner('a', 1), 'old')
  const next = await standBy({ port, path: '/a' }, owner('a', 2), 'new')
  expect(await get(old.url)).toBe('200 old')
  next.activate()
  expect(await get(old.url)).toBe('200 new')
  await old.close()
  await old.close()
  expect(await get(next.url)).toBe('200 new')
})

test('a generation that is taken back before it was live leaves the old one untouched', async () => {
  const { serve, claim: standBy } = bench()
  const port = await freePort()
  const old = await serve({ port, path: '/a' }, owner('a', 1), 'old')
  const next = await standBy({ port, path: '/a' }, owner('a', 2), 'new')
  await next.close()
  expect(await get(old.url)).toBe('200 old')
})

test('a path that nobody answers yet says to come back', async () => {
  const { claim: standBy } = bench()
  const place = await standBy({ port: await freePort(), path: '/a' }, owner('a'))
  expect(await get(place.url)).toBe('503 not ready yet')
})

test('port 0 is a port of its own for each instance, and the same one for its next generation', async () => {
  const { serve } = bench()
  const a = await serve({ port: 0, path: '/a' }, owner('a'))
  const b = await serve({ port: 0, path: '/a' }, owner('b'))
  const next = await serve({ port: 0, path: '/a' }, owner('a', 2), 'a again')
  expect(new URL(a.url).port).not.toBe(new URL(b.url).port)
  expect(next.url).toBe(a.url)
  expect(await get(next.url)).toBe('200 a again')
})

test('many who come and go at once leave nothing bound', async () => {
  const { routes } = bench()
  const port = await freePort()
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const place = await routes.claim(
        { host: HOST, port, path: `/${i}` },
        owner(`${i}`),
        () => new Response(),
      )
      place.activate()
      await place.close()
    }),
  )
  const blocker = createServer().listen(port, HOST)
  await new Promise((resolve, reject) => blocker.once('listening', resolve).once('error', reject))
  await new Promise((resolve) => blocker.close(resolve))
})

test('a place below takes every path under it, exact ones go first', async () => {
  const { serve } = bench()
  const port = await freePort()
  await serve({ port, path: '/', below: true }, owner('admin'))
  await serve({ port, path: '/metrics' }, owner('a'))
  expect(await get(`http://${HOST}:${port}/metrics?x=1`)).toBe('200 a')
  expect(await get(`http://${HOST}:${port}/health/live`)).toBe('200 admin')
})

test('a handler that throws is answered 500 and told; the next request is served', async () => {
  const { routes, told } = bench()
  let requests = 0
  const place = await routes.claim({ host: HOST, port: 0, path: '/a' }, owner('a'), () => {
    if (++requests === 1) throw new Error('oops: hunter2')
    return new Response('fine')
  })
  onTestFinished(() => place.close())
  place.activate()
  expect(await get(place.url)).toBe('500 the handler failed; the gateway log says why')
  expect(told).toEqual(['the handler of /a: oops: hunter2'])
  expect(await get(place.url)).toBe('200 fine')
})
