// docs/errors.md, from the one table of errors.

import { ERRORS } from '#src/domain/errors'

export function errorsMarkdown(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, title, retryable }]) =>
      `| \`${code}\` | ${status} | ${title} | ${retryable ? 'yes' : 'no'} |`,
  )
  return `# Errors

Generated from \`src/domain/errors.ts\`. Every error is \`application/problem+json\` (RFC 9457) with \`code\`, \`detail\`, \`request_id\`, and \`errors\` naming each field by JSON Pointer. Jobs that fail carry the same codes in \`error.code\`.

| code | status | title | worth retrying |
|---|---|---|---|
${rows.join('\n')}
`
}
