// Every generated file and what it should hold.

import { opsMarkdown, opSupportSource } from '#engine/ops/op-document'
import { printConfigDocument } from '#src/config-document'
import { openApiYaml } from '#src/http/openapi'
import { ROUTES } from '#src/http/routes/index'
import { errorsMarkdown } from './errors-document.ts'
import { methodsMarkdown } from './methods-document.ts'

export const GENERATED_FILES: Readonly<Record<string, () => string>> = {
  'openapi.yaml': () => openApiYaml(ROUTES),
  'docs/errors.md': errorsMarkdown,
  'docs/methods.md': methodsMarkdown,
  'docs/config.md': printConfigDocument,
  'docs/ops.md': opsMarkdown,
  'src/onnx/operators/op-support.ts': opSupportSource,
}
