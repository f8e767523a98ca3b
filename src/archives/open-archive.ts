// Zip archives from strangers: plain files only, no way out of the archive, bounded when unpacked.

import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Entry, ZipFile } from 'yauzl'
import { openPromise } from 'yauzl'
import { TersorError } from '#src/domain/errors'

export interface ArchiveLimits {
  readonly maxEntries: number
  /** Bytes of all entries together, unpacked. */
  readonly maxUnpackedBytes: number
  /** Unpacked ÷ packed size of one entry. */
  readonly maxRatio: number
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  maxEntries: 200_000,
  maxUnpackedBytes: 64 * 2 ** 30,
  maxRatio: 2000,
}

export interface ArchiveEntry {
  readonly name: string
  /** Bytes, unpacked. */
  readonly size: number
  readonly stored: boolean
  /** Where a stored entry's bytes begin in the archive file. */
  dataStart(): Promise<number>
  stream(): Promise<Readable>
  /** The whole entry; for small ones. */
  bytes(): Promise<Uint8Array>
  /** Writes the entry to a new file. */
  extract(path: string): Promise<void>
}

export interface Archive {
  /** Files in the archive's order; directories are left out. */
  readonly entries: readonly ArchiveEntry[]
  close(): void
}

const UNIX_TYPE_MASK = 0o170000
const UNIX_REGULAR_FILE = 0o100000
const STORED = 0
const DEFLATED = 8
// Deflate cannot do better than about 1032 : 1; a bomb shows in sums over overlapping or many entries.
const SMALL_ENTRY_BYTES = 2 ** 20

/** Opens a zip file and checks every entry. Throws TersorError `archive_*`. */
export async function openArchive(
  path: string,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<Archive> {
  const zip = await openPromise(path, {
    lazyEntries: true,
    autoClose: false,
    strictFileNames: true,
  }).catch(refuseArchive)
  try {
    const entries = await listEntries(zip, limits)
    return { entries, close: () => zip.close() }
  } catch (error) {
    zip.close()
    throw error
  }
}

async function listEntries(zip: ZipFile, limits: ArchiveLimits): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = []
  const names = new Set<string>()
  const spans: { start: number; end: number }[] = []
  let unpacked = 0
  if (zip.entryCount > limits.maxEntries) {
    const detail = `the archive has ${zip.entryCount} entries, at most ${limits.maxEntries} are allowed`
    throw new TersorError('archive_invalid', detail)
  }
  for await (const entry of eachEntry(zip)) {
    checkEntry(entry, limits)
    if (entry.fileName.endsWith('/')) continue
    if (names.has(entry.fileName)) {
      throw new TersorError('archive_invalid', `entry '${entry.fileName}' occurs twice`)
    }
    names.add(entry.fileName)
    spans.push({
      start: entry.relativeOffsetOfLocalHeader,
      end: entry.relativeOffsetOfLocalHeader + entry.compressedSize,
    })
    unpacked += entry.uncompressedSize
    if (unpacked > limits.maxUnpackedBytes) {
      const detail = `the entries unpack to more than ${limits.maxUnpackedBytes} bytes`
      throw new TersorError('archive_too_large_when_unpacked', detail)
    }
    entries.push(archiveEntry(zip, entry))
  }
  checkOverlap(spans)
  return entries
}

async function* eachEntry(zip: ZipFile): AsyncGenerator<Entry> {
  try {
    yield* zip.eachEntry()
  } catch (error) {
    refuseArchive(error)
  }
}

function checkEntry(entry: Entry, limits: ArchiveLimits): void {
  const name = entry.fileName
  const unixMode = entry.externalFileAttributes >>> 16
  const type = unixMode & UNIX_TYPE_MASK
  if (!name.endsWith('/') && type !== 0 && type !== UNIX_REGULAR_FILE) {
    throw new TersorError('archive_link_forbidden', `entry '${name}' is not a plain file`)
  }
  if (entry.isEncrypted()) {
    throw new TersorError('archive_invalid', `entry '${name}' is encrypted`)
  }
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    const detail = `entry '${name}' is compressed by method ${entry.compressionMethod}; use stored or deflate`
    throw new TersorError('archive_invalid', detail)
  }
  const ratio = entry.uncompressedSize / Math.max(1, entry.compressedSize)
  if (entry.uncompressedSize > SMALL_ENTRY_BYTES && ratio > limits.maxRatio) {
    const detail = `entry '${name}' unpacks to ${Math.round(ratio)} times its size, at most ${limits.maxRatio} is allowed`
    throw new TersorError('archive_too_large_when_unpacked', detail)
  }
}

function checkOverlap(spans: { start: number; end: number }[]): void {
  spans.sort((a, b) => a.start - b.start)
  for (let index = 1; index < spans.length; index += 1) {
    if (spans[index]!.start < spans[index - 1]!.end) {
      throw new TersorError('archive_invalid', 'entries of the archive overlap')
    }
  }
}

function archiveEntry(zip: ZipFile, entry: Entry): ArchiveEntry {
  const stream = () => zip.openReadStreamPromise(entry).catch(refuseArchive)
  return {
    name: entry.fileName,
    size: entry.uncompressedSize,
    stored: entry.compressionMethod === STORED,
    dataStart: async () => {
      const header = await zip
        .readLocalFileHeaderPromise(entry, { minimal: true })
        .catch(refuseArchive)
      return header.fileDataStart
    },
    stream,
    bytes: async () => {
      const chunks: Uint8Array[] = []
      try {
        for await (const chunk of await stream()) chunks.push(chunk as Uint8Array)
      } catch (error) {
        refuseArchive(error)
      }
      return Buffer.concat(chunks)
    },
    extract: async (path) => {
      try {
        await pipeline(await stream(), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
      } catch (error) {
        refuseArchive(error)
      }
    },
  }
}

const SYSTEM_CODE = /^E[A-Z]+$/

/** The zip reader's messages speak of the archive only; what the system says is not for clients. */
function refuseArchive(error: unknown): never {
  if (error instanceof TersorError) throw error
  const { code, message } = error as { code?: string; message?: string }
  if (code === 'ENOSPC')
    throw new TersorError('storage_full', 'no space to unpack the archive', { cause: error })
  if (code !== undefined && SYSTEM_CODE.test(code)) throw error
  const text = message ?? 'it cannot be read'
  if (/invalid relative path|absolute path|invalid characters in fileName/.test(text)) {
    throw new TersorError(
      'archive_path_escape',
      `${text}: entries must be relative paths inside the archive`,
    )
  }
  const detail = text.startsWith('End of central directory record signature not found')
    ? 'the file is no zip archive, or it was cut short: its directory is not at its end'
    : text
  throw new TersorError('archive_invalid', detail, { cause: error })
}
