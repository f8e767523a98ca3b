// The least that a server could do with the same request: parse the JSON, send it back.

import { fastify } from 'fastify'

const app = fastify({ logger: false })
app.post('/v1/jobs', async (request, reply) => {
  reply.code(201)
  return request.body
})
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
