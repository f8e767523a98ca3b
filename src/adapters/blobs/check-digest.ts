// What a client says of its bytes, against what arrived.

import { TersorError } from '#src/domain/errors'

/** @throws TersorError checksum_mismatch */
export function checkDigest(expectedSha256: string | undefined, sha256: string): void {
  if (expectedSha256 === undefined || expectedSha256.toLowerCase() === sha256) return
  throw new TersorError(
    'checksum_mismatch',
    `the bytes have the SHA-256 ${sha256}, not ${expectedSha256.toLowerCase()}`,
  )
}
