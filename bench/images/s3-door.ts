// A real S3 server of this host behind a Unix socket, which containers can reach whatever their networks allow.

import { chmod } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { startSwiftServer } from '#test/support/servers/swift-server'
import { createTestBucket } from '#test/support/test-s3'

export interface S3Door {
  readonly accessKey: string
  readonly secretKey: string
  close(): Promise<void>
}

/** The socket is `s3.sock` in the folder. */
export async function openS3Door(folder: string, bucket: string): Promise<S3Door> {
  const swift = await startSwiftServer()
  const { endpoint, accessKey, secretKey } = swift
  await createTestBucket({ endpoint, region: 'us-east-1', bucket, accessKey, secretKey })
  const { hostname, port } = new URL(endpoint)
  const door = createServer((inside) => {
    const outside = connect(Number(port), hostname)
    inside.pipe(outside).pipe(inside)
    inside.on('error', () => outside.destroy())
    outside.on('error', () => inside.destroy())
  })
  const path = join(folder, 's3.sock')
  await new Promise<void>((resolve) => {
    door.listen(path, resolve)
  })
  await chmod(path, 0o777)
  return {
    accessKey,
    secretKey,
    close: async () => {
      door.close()
      await swift.close()
    },
  }
}
