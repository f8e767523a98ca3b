// npz: a zip of .npy members, stored or deflated.

import { join } from 'node:path'
import type { ArchiveEntry } from '#src/archives/open-archive'
import { openArchive } from '#src/archives/open-archive'
import { TersorError } from '#src/domain/errors'
import type { ArrayDescription, ArrayLocation } from './array-source.ts'
import { describeArrays, openArrays } from './array-source.ts'
import type { NpyHeader } from './npy.ts'
import { NPY_HEADER_BYTES, parseNpyHeader } from './npy.ts'
import type { SampleSource } from './sample-source.ts'

const SUFFIX = '.npy'

export async function describeNpz(path: string): Promise<ArrayDescription> {
  const archive = await openArchive(path)
  try {
    const arrays = []
    for (const entry of archive.entries) arrays.push(await readHeader(entry))
    return describeArrays(arrays)
  } finally {
    archive.close()
  }
}

/** `scratch`: a folder for members that must be inflated before they can be read at random. */
export async function openNpz(
  path: string,
  wanted: readonly string[],
  scratch: string,
): Promise<SampleSource> {
  const archive = await openArchive(path)
  try {
    const arrays: ArrayLocation[] = []
    for (const entry of archive.entries) {
      const header = await readHeader(entry)
      if (!wanted.includes(header.name)) continue
      arrays.push({ ...header, ...(await locate(entry, path, scratch, arrays.length, header)) })
    }
    return await openArrays(arrays)
  } finally {
    archive.close()
  }
}

async function locate(
  entry: ArchiveEntry,
  path: string,
  scratch: string,
  index: number,
  header: NpyHeader,
) {
  if (entry.stored) return { path, offset: (await entry.dataStart()) + header.dataOffset }
  const inflated = join(scratch, `array-${process.pid}-${Date.now()}-${index}.npy`)
  await entry.extract(inflated)
  return { path: inflated, offset: header.dataOffset }
}

async function readHeader(entry: ArchiveEntry): Promise<NpyHeader & { readonly name: string }> {
  if (!entry.name.endsWith(SUFFIX)) {
    throw new TersorError(
      'dataset_invalid',
      `member '${entry.name}' is no .npy array; an npz file holds only those`,
    )
  }
  const name = entry.name.slice(0, -SUFFIX.length)
  return { name, ...parseNpyHeader(name, await firstBytes(entry), entry.size) }
}

async function firstBytes(entry: ArchiveEntry): Promise<Uint8Array> {
  const stream = await entry.stream()
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length >= NPY_HEADER_BYTES) break
  }
  return Buffer.concat(chunks)
}
