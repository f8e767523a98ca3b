// The least that a server could do which keeps its records in Redis: parse, one command, send it back.

import { fastify } from 'fastify'
import { Redis } from 'ioredis'

const redis = new Redis(process.argv[2]!)
const key = `submit-bare-${process.pid}`
const app = fastify({ logger: false })
let number = 0
app.post('/v1/jobs', async (request, reply) => {
  number += 1
  await redis.hset(key, String(number), JSON.stringify(request.body))
  reply.code(201)
  return request.body
})
process.on('SIGTERM', () => {
  void redis.del(key).then(() => process.exit(0))
})
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
