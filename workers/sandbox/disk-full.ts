// The disk of this worker has no room for the files of a job.

export const DISK_FULL = 'the disk of the worker is full; the job may be sent again'

export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === 'ENOSPC' || code === 'EDQUOT'
}
