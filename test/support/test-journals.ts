// Journals, and the records they stand behind, of a folder of their own.

import { basename, join } from 'node:path'
import { JOURNAL_DRIVERS } from '#src/adapters/journal/index'
import { RECORD_DRIVERS } from '#src/adapters/records/index'
import { S3_DEFAULTS, openS3Client } from '#src/adapters/s3/client'
import type { RecordJournal } from '#src/ports/record-journal'
import type { RecordStore } from '#src/ports/record-store'
import { onRedis, testPrefix } from './test-redis.ts'
import { testS3 } from './test-s3.ts'

export async function openTestS3Journal(folder: string): Promise<RecordJournal> {
  const { endpoint, region, bucket, accessKey, secretKey } = testS3()
  const client = openS3Client({
    ...S3_DEFAULTS,
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKey, secretKey },
  })
  const journal = await JOURNAL_DRIVERS.s3({ client, bucket, prefix: basename(folder) })
  return {
    ...journal,
    async close() {
      await journal.close()
      client.destroy()
    },
  }
}

/** The journal lies in the folder too. */
export async function openTestJournaledRecords(folder: string): Promise<RecordStore> {
  return await onRedis(['producer'], async (redis) => {
    const journal = await JOURNAL_DRIVERS.fs({ folder: join(folder, 'journal') })
    const records = await RECORD_DRIVERS.journaled({
      redis,
      prefix: testPrefix(folder),
      journal,
      onError: () => {},
      onRecovered: () => {},
    })
    return {
      ...records,
      async close() {
        await records.close()
        await journal.close()
      },
    }
  })
}
