// Entries as compressed lines, two per entry: what it is about, then the record. The checksum of gzip finds damage.

import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { JournalEntry } from '#src/ports/record-journal'

type Head = [sequence: number, collection: JournalEntry['collection'], id: string, version: number]

const compress = promisify(gzip)
const expand = promisify(gunzip)
/** Fast: the store is written far more often than read. */
const LEVEL = 1

export async function encodeEntries(entries: readonly JournalEntry[]): Promise<Uint8Array> {
  const lines = entries.map(({ sequence, collection, id, version, document }) => {
    const head: Head = [sequence, collection, id, version]
    return `${JSON.stringify(head)}\n${document}\n`
  })
  return await compress(lines.join(''), { level: LEVEL })
}

/** Throws an error that names the object when it is damaged. */
export async function decodeEntries(
  body: Uint8Array,
  name: string,
): Promise<readonly JournalEntry[]> {
  const text = await expand(body).catch((error: unknown) => {
    throw new Error(`The object ${name} of the journal is damaged`, { cause: error })
  })
  const lines = text.toString('utf8').split('\n')
  const entries: JournalEntry[] = []
  for (let index = 0; index + 2 < lines.length; index += 2) {
    const [sequence, collection, id, version] = JSON.parse(lines[index]!) as Head
    entries.push({ sequence, collection, id, version, document: lines[index + 1]! })
  }
  return entries
}
