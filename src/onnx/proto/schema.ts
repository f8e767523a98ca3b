// The messages of onnx.proto (ONNX 1.22, IR version 13): field → [number, type]. 'packed' fields hold typed arrays.

import type { ByteRange } from '../ir/byte-range.ts'

const STRING_ENTRIES = 'repeated StringStringEntryProto'

export const MESSAGES = {
  ModelProto: {
    ir_version: [1, 'int64'],
    producer_name: [2, 'string'],
    producer_version: [3, 'string'],
    domain: [4, 'string'],
    model_version: [5, 'int64'],
    doc_string: [6, 'string'],
    graph: [7, 'GraphProto'],
    opset_import: [8, 'repeated OperatorSetIdProto'],
    metadata_props: [14, STRING_ENTRIES],
    training_info: [20, 'repeated TrainingInfoProto'],
    functions: [25, 'repeated FunctionProto'],
    configuration: [26, 'repeated DeviceConfigurationProto'],
  },
  GraphProto: {
    node: [1, 'repeated NodeProto'],
    name: [2, 'string'],
    initializer: [5, 'repeated TensorProto'],
    doc_string: [10, 'string'],
    input: [11, 'repeated ValueInfoProto'],
    output: [12, 'repeated ValueInfoProto'],
    value_info: [13, 'repeated ValueInfoProto'],
    quantization_annotation: [14, 'repeated TensorAnnotation'],
    sparse_initializer: [15, 'repeated SparseTensorProto'],
    metadata_props: [16, STRING_ENTRIES],
  },
  NodeProto: {
    input: [1, 'repeated string'],
    output: [2, 'repeated string'],
    name: [3, 'string'],
    op_type: [4, 'string'],
    attribute: [5, 'repeated AttributeProto'],
    doc_string: [6, 'string'],
    domain: [7, 'string'],
    overload: [8, 'string'],
    metadata_props: [9, STRING_ENTRIES],
    device_configurations: [10, 'repeated NodeDeviceConfigurationProto'],
  },
  AttributeProto: {
    name: [1, 'string'],
    f: [2, 'float'],
    i: [3, 'int64'],
    s: [4, 'bytes'],
    t: [5, 'TensorProto'],
    g: [6, 'GraphProto'],
    floats: [7, 'repeated float'],
    ints: [8, 'repeated int64'],
    strings: [9, 'repeated bytes'],
    tensors: [10, 'repeated TensorProto'],
    graphs: [11, 'repeated GraphProto'],
    doc_string: [13, 'string'],
    tp: [14, 'TypeProto'],
    type_protos: [15, 'repeated TypeProto'],
    type: [20, 'int32'],
    ref_attr_name: [21, 'string'],
    sparse_tensor: [22, 'SparseTensorProto'],
    sparse_tensors: [23, 'repeated SparseTensorProto'],
  },
  TensorProto: {
    dims: [1, 'repeated int64'],
    data_type: [2, 'int32'],
    segment: [3, 'Segment'],
    float_data: [4, 'packed float'],
    int32_data: [5, 'packed int32'],
    string_data: [6, 'repeated bytes'],
    int64_data: [7, 'packed int64'],
    name: [8, 'string'],
    raw_data: [9, 'range'],
    double_data: [10, 'packed double'],
    uint64_data: [11, 'packed uint64'],
    doc_string: [12, 'string'],
    external_data: [13, STRING_ENTRIES],
    data_location: [14, 'int32'],
    metadata_props: [16, STRING_ENTRIES],
  },
  Segment: { begin: [1, 'int64'], end: [2, 'int64'] },
  SparseTensorProto: {
    values: [1, 'TensorProto'],
    indices: [2, 'TensorProto'],
    dims: [3, 'repeated int64'],
  },
  ValueInfoProto: {
    name: [1, 'string'],
    type: [2, 'TypeProto'],
    doc_string: [3, 'string'],
    metadata_props: [4, STRING_ENTRIES],
  },
  TypeProto: {
    tensor_type: [1, 'TensorTypeProto'],
    sequence_type: [4, 'ElementTypeProto'],
    map_type: [5, 'MapTypeProto'],
    denotation: [6, 'string'],
    opaque_type: [7, 'OpaqueTypeProto'],
    sparse_tensor_type: [8, 'TensorTypeProto'],
    optional_type: [9, 'ElementTypeProto'],
  },
  /** TypeProto.Tensor and TypeProto.SparseTensor. */
  TensorTypeProto: { elem_type: [1, 'int32'], shape: [2, 'TensorShapeProto'] },
  /** TypeProto.Sequence and TypeProto.Optional. */
  ElementTypeProto: { elem_type: [1, 'TypeProto'] },
  MapTypeProto: { key_type: [1, 'int32'], value_type: [2, 'TypeProto'] },
  OpaqueTypeProto: { domain: [1, 'string'], name: [2, 'string'] },
  TensorShapeProto: { dim: [1, 'repeated DimensionProto'] },
  DimensionProto: {
    dim_value: [1, 'int64'],
    dim_param: [2, 'string'],
    denotation: [3, 'string'],
  },
  OperatorSetIdProto: { domain: [1, 'string'], version: [2, 'int64'] },
  StringStringEntryProto: { key: [1, 'string'], value: [2, 'string'] },
  FunctionProto: {
    name: [1, 'string'],
    input: [4, 'repeated string'],
    output: [5, 'repeated string'],
    attribute: [6, 'repeated string'],
    node: [7, 'repeated NodeProto'],
    doc_string: [8, 'string'],
    opset_import: [9, 'repeated OperatorSetIdProto'],
    domain: [10, 'string'],
    attribute_proto: [11, 'repeated AttributeProto'],
    value_info: [12, 'repeated ValueInfoProto'],
    overload: [13, 'string'],
    metadata_props: [14, STRING_ENTRIES],
  },
  TensorAnnotation: {
    tensor_name: [1, 'string'],
    quant_parameter_tensor_names: [2, STRING_ENTRIES],
  },
  TrainingInfoProto: {
    initialization: [1, 'GraphProto'],
    algorithm: [2, 'GraphProto'],
    initialization_binding: [3, STRING_ENTRIES],
    update_binding: [4, STRING_ENTRIES],
  },
  DeviceConfigurationProto: {
    name: [1, 'string'],
    num_devices: [2, 'int32'],
    device: [3, 'repeated string'],
  },
  NodeDeviceConfigurationProto: {
    configuration_id: [1, 'string'],
    sharding_spec: [2, 'repeated ShardingSpecProto'],
    pipeline_stage: [3, 'int32'],
  },
  ShardingSpecProto: {
    tensor_name: [1, 'string'],
    device: [2, 'repeated int64'],
    index_to_device_group_map: [3, 'repeated IntIntListEntryProto'],
    sharded_dim: [4, 'repeated ShardedDimProto'],
  },
  IntIntListEntryProto: { key: [1, 'int64'], value: [2, 'repeated int64'] },
  ShardedDimProto: {
    axis: [1, 'int64'],
    simple_sharding: [2, 'repeated SimpleShardedDimProto'],
  },
  SimpleShardedDimProto: {
    dim_value: [1, 'int64'],
    dim_param: [2, 'string'],
    num_shards: [3, 'int64'],
  },
} as const satisfies Record<string, Record<string, readonly [number, string]>>

type Tables = typeof MESSAGES
export type MessageName = keyof Tables

export interface Scalars {
  int32: number
  int64: bigint
  float: number
  string: string
  /** A view of the file's buffer, or a copy when the file is not in memory. */
  bytes: Uint8Array
  /** Bytes that stay where they are. */
  range: ByteRange
}

export interface PackedArrays {
  float: Float32Array
  int32: Int32Array
  int64: BigInt64Array
  double: Float64Array
  uint64: BigUint64Array
}

type Single<T> = T extends keyof Scalars ? Scalars[T] : T extends MessageName ? Message<T> : never

type FieldValue<T> = T extends `packed ${infer Element extends keyof PackedArrays}`
  ? PackedArrays[Element]
  : T extends `repeated ${infer Element}`
    ? readonly Single<Element>[]
    : Single<T>

/** A decoded message: a field that the bytes do not hold is absent, whatever its default. */
export type Message<Name extends MessageName> = {
  [Field in keyof Tables[Name]]?: FieldValue<
    Tables[Name][Field] extends readonly [number, infer Type] ? Type : never
  >
} & {
  /** Fields that are not in the table, tags included. */
  unknown?: Uint8Array
}
