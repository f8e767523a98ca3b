// A model: ONNX `ModelProto`.

import type { Attribute } from './attribute.ts'
import type { Graph } from './graph.ts'

export interface OpsetImport {
  /** The empty string is `ai.onnx`. */
  readonly domain: string
  readonly version: number
}

/** A function local to the model: ONNX `FunctionProto`. Its body is a graph whose inputs and outputs are the formal ones. */
export interface FunctionDefinition {
  readonly name: string
  readonly domain: string
  readonly overload: string
  /** Attributes a caller must give (no default). */
  readonly attributeNames: readonly string[]
  /** Attributes with a default. */
  readonly attributeDefaults: readonly Attribute[]
  readonly opsetImports: readonly OpsetImport[]
  readonly body: Graph
  readonly docString: string
  readonly metadata: readonly (readonly [string, string])[]
  readonly unknownFields: Uint8Array | null
}

export interface Model {
  irVersion: number
  producerName: string
  producerVersion: string
  domain: string
  modelVersion: bigint
  docString: string
  graph: Graph
  opsetImports: OpsetImport[]
  functions: FunctionDefinition[]
  metadata: readonly (readonly [string, string])[]
  /** `ModelProto` fields this IR does not interpret (training_info, configuration), as protobuf bytes. */
  unknownFields: Uint8Array | null
}

/** The opset of `ai.onnx` that the model imports, or 0 when it imports none. */
export function opsetVersion(model: Model): number {
  return (
    model.opsetImports.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0
  )
}
