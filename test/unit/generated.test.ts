import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { GENERATED_FILES } from '../../scripts/documents/generated-files.ts'

const root = join(import.meta.dirname, '../..')

test.each(Object.keys(GENERATED_FILES))('%s is what `npm run gen` writes', (path) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(GENERATED_FILES[path]!())
})

test('the types of the SDK are generated from openapi.yaml', { timeout: 30_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-'))
  try {
    const output = join(folder, 'schema.ts')
    const generator = join(root, 'sdk/typescript/node_modules/.bin/openapi-typescript')
    const options = [join(root, 'openapi.yaml'), '-o', output, '--default-non-nullable', 'false']
    execFileSync(generator, options, { stdio: 'pipe' })
    expect(readFileSync(join(root, 'sdk/typescript/src/schema.ts'), 'utf8')).toBe(
      readFileSync(output, 'utf8'),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
