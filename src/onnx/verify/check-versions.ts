// IR version and opsets: what the runtime loads, and what the operators of a graph need.

import type { Model, OpsetImport } from '../ir/model.ts'
import { OnnxError } from '../onnx-error.ts'
import { SUPPORTED_IR_VERSIONS, SUPPORTED_OPSETS } from '../operators/operator-table.ts'
import { graphScopes } from './scopes.ts'

/** IR versions below this one had no opset imports: the opset is 1. */
const FIRST_WITH_OPSETS = 3

export function* checkVersions(model: Model): IterableIterator<OnnxError> {
  const { min, max } = SUPPORTED_IR_VERSIONS
  if (model.irVersion < min || model.irVersion > max) {
    const given = model.irVersion === 0 ? 'no IR version' : `IR version ${model.irVersion}`
    yield new OnnxError(
      'onnx_version_unsupported',
      `the model has ${given}; supported are ${min} to ${max}`,
    )
  }
  yield* checkImports(model.opsetImports, '')
  for (const { name, opsetImports } of model.functions) yield* checkImports(opsetImports, name)
  yield* checkMissingImports(model)
}

function* checkImports(
  imports: readonly OpsetImport[],
  functionName: string,
): IterableIterator<OnnxError> {
  for (const { domain, version } of imports) {
    const range = SUPPORTED_OPSETS[domain === 'ai.onnx' ? '' : domain]
    if (range === undefined || (version >= range.min && version <= range.max)) continue
    yield new OnnxError(
      'onnx_version_unsupported',
      `opset ${version} of ${domain || 'ai.onnx'} is not supported; supported are ${range.min} to ${range.max}`,
      functionName === '' ? {} : { function: functionName },
    )
  }
}

function* checkMissingImports(model: Model): IterableIterator<OnnxError> {
  if (model.irVersion < FIRST_WITH_OPSETS) return
  const reported = new Set<unknown>()
  for (const { graph, definition, opsetImports } of graphScopes(model)) {
    const isImported = opsetImports.some(({ domain }) => domain === '' || domain === 'ai.onnx')
    if (isImported || reported.has(opsetImports)) continue
    for (const node of graph.nodes()) {
      if (!node.is()) continue
      reported.add(opsetImports)
      yield new OnnxError(
        'onnx_version_unsupported',
        `${node.describe()} is of ai.onnx, whose opset the ${definition === null ? 'model' : 'function'} does not import`,
        definition === null ? {} : { function: definition.name },
      )
      break
    }
  }
}
