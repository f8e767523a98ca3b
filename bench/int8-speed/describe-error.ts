// An error in one line, with what the runtime said.

export function describeError(error: unknown): string {
  const detail = error instanceof Error && 'detail' in error ? String(error.detail) : ''
  return `FAILED ${String(error)} ${detail}`.replaceAll('\n', ' ')
}
