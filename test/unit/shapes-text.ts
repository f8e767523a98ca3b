// Models as text in, inferred types as text out.

import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import type { ValueType } from '#src/onnx/ir/value-type'
import type { InferTypesOptions } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { parseModel } from '#src/onnx/text/parse-model'

export function findValue(model: Model, name: string): Value {
  for (const node of model.graph.allNodes()) {
    const found = [...node.outputs, ...node.inputs].find((value) => value?.name === name)
    if (found) return found
  }
  throw new Error(`no value '${name}'`)
}

export function print(type: ValueType | null): string {
  if (type === null) return 'unknown'
  if (type.kind === 'sequence' || type.kind === 'optional') {
    return `${type.kind}(${print('element' in type ? type.element : null)})`
  }
  if (type.kind !== 'tensor') return type.kind
  return `${type.dtype}${type.shape === null ? '' : `[${type.shape.map((dim) => dim ?? '?').join(', ')}]`}`
}

/** The type of value `y`. */
export function inferred(text: string, options: InferTypesOptions = {}, opset = 17): string {
  const model = parseModel(`<ir_version: 8, opset_import: ["" : ${opset}]> ${text}`)
  return print(inferTypes(model, options).type(findValue(model, 'y')))
}
