// What can be wrong with an ONNX model, as one table of codes; every failure below src/onnx and in the engine is an OnnxError.

export const ONNX_ERRORS = {
  not_onnx: 'the bytes are no ONNX model',
  onnx_version_unsupported: 'the IR version or an opset version is not supported',
  unsupported_operator: 'the model uses an operator that is not supported',
  invalid_graph: 'the graph is not well formed',
  invalid_initializer: 'a tensor contradicts its own type, dimensions or data',
  invalid_attribute: 'an attribute of a node is missing or has a wrong type or value',
  external_data_forbidden: 'external data must lie beside the model, within its file',
  external_data_missing: 'a file of external data was not uploaded',
  tensor_too_large: 'a tensor exceeds the size limit',
  loop_unbounded: 'a loop has no bound that is known before running',
  function_expansion_limit: 'inlining the functions of the model would exceed the node limit',
  graph_too_deep: 'messages or subgraphs are nested too deeply',
  model_too_complex: 'the model exceeds a limit on nodes, values or attributes',
  name_too_long: 'a name exceeds the length limit',
  invalid_weights: 'weights hold values that the operation cannot take',
  unsupported_input: 'an input of the model has a type that is not supported',
} as const satisfies Record<string, string>

export type OnnxErrorCode = keyof typeof ONNX_ERRORS

/** Where in the model the fault is; what does not apply is left out. */
export interface OnnxErrorPlace {
  /** The node's name, or its first output's when it has none. */
  readonly node?: string
  readonly opType?: string
  readonly attribute?: string
  /** The name of the value or tensor. */
  readonly tensor?: string
  readonly graph?: string
  readonly function?: string
  /** The `location` of external data. */
  readonly location?: string
  /** Bytes from the start of the file. */
  readonly offset?: number
}

export class OnnxError extends Error {
  readonly code: OnnxErrorCode
  /** What is wrong and what would be right, in one sentence without final stop. */
  readonly detail: string
  readonly where: OnnxErrorPlace

  constructor(code: OnnxErrorCode, detail: string, where: OnnxErrorPlace = {}) {
    super(detail)
    this.name = 'OnnxError'
    this.code = code
    this.detail = detail
    this.where = where
  }
}
