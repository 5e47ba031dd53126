// Preloaded into the gateway that is measured. Plain JavaScript: stripping types would itself take 20 MB.
process.on('message', () => {
  const rssBytes = process.memoryUsage.rss()
  globalThis.gc()
  process.send({ heapBytes: process.memoryUsage().heapUsed, rssBytes })
})
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
