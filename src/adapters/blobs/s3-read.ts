// An object as a stream that survives broken connections: bytes are counted, and what is missing is asked for again.

import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { TersorError } from '#src/domain/errors'
import { retryDelay } from '../s3/retry-briefly.ts'
import { s3Error } from '../s3/s3-error.ts'
import type { S3Place } from './s3-objects.ts'

export interface ReadRequest {
  readonly name: string
  /** `null`: the whole object. */
  readonly range: { readonly start: number; readonly end: number } | null
  /** Of the whole object: what a whole read must give. `null`: not known. */
  readonly sha256: string | null
  /** A body that gives no byte for so long has failed. */
  readonly stallMs: number
}

/** Requests in a row that bring no byte. */
const MOST_FRUITLESS = 6

/** Resolves when the store has begun to answer. Throws what the store says when it does not. */
export async function readObject(place: S3Place, request: ReadRequest): Promise<Readable> {
  const { range } = request
  const start = range?.start ?? 0
  const answer = await getObject(place, request.name, range === null ? null : range)
  if (answer === 'beyond the end') return Readable.from([])
  const total = totalSize(answer)
  const end = Math.min(range?.end ?? total, total)
  const body = startsAt(answer, start) ? answer.Body : null
  return Readable.from(readOn(place, request, body as Readable | null, start, end), {
    objectMode: false,
  })
}

async function* readOn(
  place: S3Place,
  { name, range, sha256, stallMs }: ReadRequest,
  first: Readable | null,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const hash = range === null && sha256 !== null ? createHash('sha256') : null
  let body = first
  let offset = start
  let fruitless = 0
  try {
    while (offset < end) {
      const chunk = body === null ? null : await nextChunk(body, stallMs)
      if (chunk !== null) {
        // A store that ignores the end of a range sends more.
        const wanted = chunk.subarray(0, end - offset)
        hash?.update(wanted)
        offset += wanted.byteLength
        fruitless = 0
        yield wanted
        continue
      }
      body?.destroy()
      fruitless += 1
      if (fruitless > MOST_FRUITLESS) throw incomplete()
      await delay(retryDelay(fruitless))
      body = await resume(place, name, offset, end)
    }
  } finally {
    body?.destroy()
  }
  if (hash !== null && hash.digest('hex') !== sha256) {
    throw new TersorError('unavailable', 'The object store gave other bytes than were stored')
  }
}

/** `null` when the body has ended, broken off or given nothing for too long. */
async function nextChunk(body: Readable, stallMs: number): Promise<Uint8Array | null> {
  const timer = setTimeout(() => body.destroy(new Error('no byte came')), stallMs)
  try {
    const { done, value } = await iteratorOf(body).next()
    return done === true ? null : (value as Uint8Array)
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}

const iterators = new WeakMap<Readable, AsyncIterator<unknown>>()

function iteratorOf(body: Readable): AsyncIterator<unknown> {
  const iterator = iterators.get(body) ?? body[Symbol.asyncIterator]()
  iterators.set(body, iterator)
  return iterator
}

async function resume(
  place: S3Place,
  name: string,
  start: number,
  end: number,
): Promise<Readable | null> {
  try {
    const answer = await getObject(place, name, { start, end })
    if (answer === 'beyond the end' || !startsAt(answer, start)) return null
    return answer.Body as Readable
  } catch (error) {
    throw s3Error(error)
  }
}

async function getObject(
  { client, bucket }: S3Place,
  name: string,
  range: { readonly start: number; readonly end: number } | null,
): Promise<GetObjectCommandOutput | 'beyond the end'> {
  try {
    return await client.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: name,
        ...(range === null ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
      }),
    )
  } catch (error) {
    if (error instanceof Error && error.name === 'InvalidRange') return 'beyond the end'
    throw error
  }
}

/** As it was when it was stored: a body that is cut short may come with a length that fits it. */
function totalSize({ Metadata, ContentRange, ContentLength }: GetObjectCommandOutput): number {
  const noted = Metadata?.['size'] ?? /\/(\d+)$/.exec(ContentRange ?? '')?.[1]
  return noted === undefined ? (ContentLength ?? 0) : Number(noted)
}

/** A store that ignores ranges begins at 0. */
function startsAt({ ContentRange }: GetObjectCommandOutput, start: number): boolean {
  const first = /^bytes (\d+)-/.exec(ContentRange ?? '')?.[1] ?? '0'
  return Number(first) === start
}

function incomplete(): TersorError {
  return new TersorError('unavailable', 'The object store breaks off before the end')
}
