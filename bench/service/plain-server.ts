// The yardstick of uploads: node:http streams the body to a file and hashes it, nothing else. Usage: plain-server.js FOLDER

import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: plain-server.js FOLDER')
let count = 0

const server = createServer((request, response) => {
  count += 1
  const hash = createHash('sha256')
  const hashing = new PassThrough()
  hashing.on('data', (chunk: Buffer) => hash.update(chunk))
  const file = createWriteStream(join(folder, `upload-${count}`), { highWaterMark: 1024 * 1024 })
  pipeline(request, hashing, file).then(
    () => response.writeHead(201).end(JSON.stringify({ sha256: hash.digest('hex') })),
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  console.log(`http://127.0.0.1:${port}`)
})
