// Writes every generated file; the SDK's types follow from openapi.yaml.

import { writeFileSync } from 'node:fs'
import { GENERATED_FILES } from './documents/generated-files.ts'

for (const [path, content] of Object.entries(GENERATED_FILES)) writeFileSync(path, content())
