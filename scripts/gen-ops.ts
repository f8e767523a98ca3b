// Writes what the op registry generates: `npm run build && node dist/scripts/gen-ops.js` in the project's folder.

import { writeFileSync } from 'node:fs'
import { opSupportSource, opsMarkdown } from '#engine/ops/op-document'

writeFileSync('docs/ops.md', opsMarkdown())
writeFileSync('src/onnx/operators/op-support.ts', opSupportSource())
