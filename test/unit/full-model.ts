import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Message } from '#src/onnx/proto/schema'

const text = (value: string) => new TextEncoder().encode(value)

const tensor: Message<'TensorProto'> = {
  dims: [2n],
  data_type: 1,
  float_data: Float32Array.of(1, 2),
}
const type: Message<'TypeProto'> = {
  tensor_type: {
    elem_type: 1,
    shape: { dim: [{ dim_param: 'N', denotation: 'DATA_BATCH' }, { dim_value: -1n }, {}] },
  },
  denotation: 'TENSOR',
}
const graph: Message<'GraphProto'> = {
  name: 'inner',
  node: [
    { output: ['z'], op_type: 'Constant', attribute: [{ name: 'value', t: tensor, type: 4 }] },
  ],
  output: [{ name: 'z', type: {} }],
}

/** A model that sets every field the format has, defaults written out among them. */
export const FULL_MODEL: Message<'ModelProto'> = {
  ir_version: 13n,
  producer_name: 'p',
  producer_version: '',
  domain: '',
  model_version: 0n,
  doc_string: 'd',
  opset_import: [{ domain: '', version: 22n }, { version: 1n }],
  metadata_props: [{ key: 'k', value: '' }, { key: 'only key' }],
  training_info: [{ initialization: { name: 'i' }, update_binding: [{ key: 'a', value: 'b' }] }],
  configuration: [{ name: 'c', num_devices: 2, device: ['x', 'y'] }],
  functions: [
    {
      name: 'f',
      domain: 'local',
      overload: '',
      doc_string: '',
      input: ['x'],
      output: ['y'],
      attribute: ['a'],
      attribute_proto: [{ name: 'b', type: 1, f: 0 }],
      node: [
        {
          input: ['x'],
          output: ['y'],
          op_type: 'Elu',
          attribute: [{ name: 'alpha', type: 1, ref_attr_name: 'a' }],
        },
      ],
      opset_import: [{ domain: '', version: 22n }],
      value_info: [{ name: 'x', type }],
      metadata_props: [{ key: 'm', value: 'n' }],
    },
  ],
  graph: {
    name: '',
    doc_string: '',
    metadata_props: [{ key: 'g', value: 'h' }],
    input: [
      { name: 'x', type, doc_string: '', metadata_props: [{ key: 'q', value: 'r' }] },
      { name: 'untyped' },
      { name: 'seq', type: { sequence_type: { elem_type: type } } },
      { name: 'opt', type: { optional_type: { elem_type: type } } },
      { name: 'map', type: { map_type: { key_type: 7, value_type: type } } },
      { name: 'opaque', type: { opaque_type: { domain: 'o', name: 'p' } } },
      { name: 'sparse', type: { sparse_tensor_type: { elem_type: 1 } } },
    ],
    output: [{ name: 'y', type, doc_string: 'out' }, { name: 'y' }],
    value_info: [{ name: 'y', type: {} }, { name: 'stale' }, { name: 'stale', doc_string: '' }],
    initializer: [
      { ...tensor, name: 'a', doc_string: '', metadata_props: [{ key: 's', value: 't' }] },
      { dims: [0n], data_type: 1, name: 'b' },
      { data_type: 8, name: 'c', string_data: [text('s')] },
      { dims: [1n], data_type: 7, name: 'd', raw_data: bufferRange(new Uint8Array(8)) },
      {
        dims: [1n],
        data_type: 1,
        name: 'e',
        data_location: 1,
        external_data: [
          { key: 'location', value: 'w.bin' },
          { key: 'checksum', value: 'z' },
        ],
      },
      { dims: [1n], data_type: 1, name: 'f', data_location: 0, float_data: Float32Array.of(3) },
    ],
    sparse_initializer: [
      {
        values: { ...tensor, name: 'sp' },
        indices: { dims: [2n], data_type: 7, int64_data: BigInt64Array.of(1n, 3n) },
        dims: [5n],
      },
    ],
    quantization_annotation: [
      { tensor_name: 'x', quant_parameter_tensor_names: [{ key: 'SCALE_TENSOR', value: 'a' }] },
    ],
    node: [
      {
        input: ['x', '', 'a'],
        output: ['y', ''],
        name: '',
        op_type: 'Op',
        domain: '',
        overload: '',
        doc_string: '',
        metadata_props: [{ key: 'u', value: 'v' }],
        device_configurations: [
          {
            configuration_id: 'c',
            sharding_spec: [
              {
                tensor_name: 'x',
                device: [-1n, 0n],
                index_to_device_group_map: [{ key: 1n, value: [2n] }],
                sharded_dim: [{ axis: 0n, simple_sharding: [{ dim_value: 2n, num_shards: 3n }] }],
              },
            ],
            pipeline_stage: 0,
          },
        ],
        attribute: [
          { name: 'f', f: 0, type: 1, doc_string: '' },
          { name: 'i', i: 0n, type: 2 },
          { name: 'absent', type: 2 },
          { name: 's', s: text(''), type: 3 },
          { name: 't', t: tensor, type: 4 },
          { name: 'g', g: graph, type: 5, doc_string: 'x' },
          { name: 'floats', floats: [0.5, -0], type: 6 },
          { name: 'ints', type: 7 },
          { name: 'strings', strings: [text('a'), text('')], type: 8 },
          { name: 'tensors', tensors: [tensor], type: 9 },
          { name: 'graphs', graphs: [graph, graph], type: 10 },
          { name: 'tp', tp: type, type: 13 },
          { name: 'tps', type_protos: [type], type: 14 },
          {
            name: 'sp',
            type: 11,
            sparse_tensor: {
              values: tensor,
              indices: { dims: [2n], data_type: 7, int64_data: BigInt64Array.of(1n, 3n) },
              dims: [5n],
            },
          },
        ],
      },
    ],
  },
  unknown: Uint8Array.from([0xa0, 0x06, 0x05]),
}
