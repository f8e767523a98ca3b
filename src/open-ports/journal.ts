// Where the journal of the records is kept: with the bytes, away from Redis.

import { join } from 'node:path'
import { JOURNAL_DRIVERS } from '#src/adapters/journal/index'
import type { PortOptions } from '#src/container'
import type { RecordJournal } from '#src/ports/record-journal'
import { s3Client } from './blobs.ts'

export async function openJournal({ config, closers }: PortOptions): Promise<RecordJournal> {
  const journal = await openDriver()
  closers.push(() => journal.close())
  return journal

  async function openDriver(): Promise<RecordJournal> {
    if (config.s3Bucket === '') {
      return await JOURNAL_DRIVERS.fs({ folder: join(config.dataDir, 'journal') })
    }
    const client = s3Client(config, config.s3Endpoint)
    closers.push(() => client.destroy())
    const { s3Bucket: bucket, s3Prefix: prefix } = config
    return await JOURNAL_DRIVERS.s3({ client, bucket, prefix })
  }
}
