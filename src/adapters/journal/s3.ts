// A journal as objects of an S3 store: `<prefix>/journal/…`. Nothing is ever overwritten, and no conditional write is asked of the store.

import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import type { RecordJournal } from '#src/ports/record-journal'
import { isAbsent, s3Error } from '../s3/s3-error.ts'
import type { JournalObject, JournalObjects } from './journal-objects.ts'
import { objectJournal } from './object-journal.ts'

export interface S3JournalOptions {
  /** Stays open when the journal is closed: whoever opened it closes it. */
  readonly client: S3Client
  readonly bucket: string
  readonly prefix: string
}

export async function openS3Journal(options: S3JournalOptions): Promise<RecordJournal> {
  return objectJournal(s3Objects(options))
}

/** Bodies that end early; the client itself repeats requests that fail. */
const READS = 3

function s3Objects({ client, bucket, prefix }: S3JournalOptions): JournalObjects {
  const folder = `${prefix}/journal/`
  const address = (name: string): { Bucket: string; Key: string } => ({
    Bucket: bucket,
    Key: folder + name,
  })

  async function read(name: string): Promise<Uint8Array> {
    const answer = await client.send(new GetObjectCommand(address(name)))
    const body = await answer.Body!.transformToByteArray()
    if (body.byteLength !== answer.ContentLength) throw new Error(`${name} ended early`)
    return body
  }

  return {
    async put(name, body) {
      const length = { ContentLength: body.byteLength }
      try {
        await client.send(new PutObjectCommand({ ...address(name), ...length, Body: body }))
      } catch (error) {
        throw s3Error(error)
      }
    },

    async get(name) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await read(name)
        } catch (error) {
          if (isAbsent(error)) return null
          if (attempt === READS) throw s3Error(error)
        }
      }
    },

    async list(start) {
      const found: JournalObject[] = []
      try {
        const input = { Bucket: bucket, Prefix: folder + start }
        for await (const page of paginateListObjectsV2({ client }, input)) {
          for (const { Key, Size } of page.Contents ?? []) {
            found.push({ name: Key!.slice(folder.length), bytes: Size ?? 0 })
          }
        }
      } catch (error) {
        throw s3Error(error)
      }
      return found
    },

    async remove(name) {
      try {
        await client.send(new DeleteObjectCommand(address(name)))
      } catch (error) {
        if (!isAbsent(error)) throw s3Error(error)
      }
    },

    async close() {},
  }
}
