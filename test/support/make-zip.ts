// Zip files for tests, honest and otherwise: every field of an entry can be forged.

import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipMember {
  readonly name: string
  readonly body: Uint8Array
  readonly deflate?: boolean
  /** Unix mode in the external attributes; 0o120777 makes a symbolic link. */
  readonly mode?: number
  /** Uncompressed size to claim instead of the true one. */
  readonly claimedSize?: number
}

export function makeZip(members: readonly ZipMember[]): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const member of members) {
    const name = Buffer.from(member.name)
    const stored = member.deflate === true ? deflateRawSync(member.body) : Buffer.from(member.body)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(0x0800, 2)
    fields.writeUInt16LE(member.deflate === true ? 8 : 0, 4)
    fields.writeUInt32LE(crc32(member.body), 10)
    fields.writeUInt32LE(stored.length, 14)
    fields.writeUInt32LE(member.claimedSize ?? member.body.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(((member.mode ?? 0) << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    local.push(Buffer.from('PK\x03\x04', 'latin1'), fields, name, stored)
    central.push(Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 3]), fields, tail, name)
    offset += 30 + name.length + stored.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(members.length, 8)
  end.writeUInt16LE(members.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...local, directory, end])
}
