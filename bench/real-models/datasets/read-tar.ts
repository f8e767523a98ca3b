// Members of an uncompressed tar archive (POSIX ustar): 512-byte headers, contents padded to 512 bytes.

export interface TarMember {
  readonly name: string
  readonly bytes: Uint8Array
}

const BLOCK = 512

export function readTar(archive: Buffer): TarMember[] {
  const members: TarMember[] = []
  let offset = 0
  while (offset + BLOCK <= archive.length && archive[offset] !== 0) {
    const name = textField(archive, offset, 100)
    const size = Number.parseInt(textField(archive, offset + 124, 12), 8)
    const type = archive[offset + 156]
    const start = offset + BLOCK
    const regular = type === 0 || type === 0x30
    if (regular) members.push({ name, bytes: archive.subarray(start, start + size) })
    offset = start + Math.ceil(size / BLOCK) * BLOCK
  }
  return members
}

function textField(archive: Buffer, start: number, length: number): string {
  const field = archive.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('latin1', 0, end === -1 ? length : end).trim()
}
