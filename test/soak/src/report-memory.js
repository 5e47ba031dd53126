// Preloaded into the gateway that is looked at: tells its memory to who connects. Threads of plugins are not meant.
import { createServer } from 'node:net'
import { isMainThread } from 'node:worker_threads'

if (isMainThread)
  createServer(async (socket) => {
    // What finalizers let go of is gone with the second one.
    globalThis.gc()
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc()
    const { heapUsed: heapBytes, rss: rssBytes } = process.memoryUsage()
    socket.end(JSON.stringify({ heapBytes, rssBytes }))
  })
    .listen(process.env.SOAK_MEMORY_SOCKET)
    .unref()
