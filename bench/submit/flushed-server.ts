// The least that a server could do which loses nothing: parse, write to a file, flush the disk, send it back. Requests
// that come while the disk is being flushed share the next flush.

import { open } from 'node:fs/promises'
import { fastify } from 'fastify'

const file = await open(process.argv[2]!, 'a')
let waiting: { readonly line: string; readonly done: () => void }[] = []
let flushing = false

async function flush(): Promise<void> {
  flushing = true
  while (waiting.length > 0) {
    const batch = waiting
    waiting = []
    await file.write(batch.map(({ line }) => line).join(''))
    await file.datasync()
    for (const { done } of batch) done()
  }
  flushing = false
}

const app = fastify({ logger: false })
app.post('/v1/jobs', async (request, reply) => {
  await new Promise<void>((done) => {
    waiting.push({ line: `${JSON.stringify(request.body)}\n`, done })
    if (!flushing) void flush()
  })
  reply.code(201)
  return request.body
})
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
