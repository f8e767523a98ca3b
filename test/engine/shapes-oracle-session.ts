// What onnxruntime says of every value of a model. Odd models crash it: ask about those in a child process.

import type { ReportedType } from './shapes-oracle-compare.ts'

export interface OracleRequest {
  /** Values to report beside the model's outputs. */
  readonly values: readonly string[]
  /** Inputs to run on; `none` reports types only. */
  readonly feeds: readonly Feed[] | 'none'
}

export interface Feed {
  readonly name: string
  readonly type: string
  readonly dims: readonly number[]
  /** Little-endian bytes in base64. */
  readonly data: string
}

export interface OracleReply {
  readonly reported: readonly ReportedType[]
  /** Types with the sizes of one run; `none` when it was not asked for or failed. */
  readonly computed: readonly ReportedType[] | 'none'
  /** What the runtime said, `'none'` when all went well. */
  readonly error: string
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

function field(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content])
}

/** Protobuf messages merge when their bytes follow one another: ModelProto.graph (7) gets more outputs (12), by name (1). */
export function withOutputs(model: Uint8Array, names: readonly string[]): Uint8Array {
  const outputs = names.map((name) => field(12, field(1, Buffer.from(name))))
  return Buffer.concat([model, field(7, Buffer.concat(outputs))])
}

const ARRAYS: Readonly<Record<string, (buffer: ArrayBuffer) => ArrayLike<number | bigint>>> = {
  bool: (buffer) => new Uint8Array(buffer),
  float16: (buffer) => new Uint16Array(buffer),
  float32: (buffer) => new Float32Array(buffer),
  float64: (buffer) => new Float64Array(buffer),
  int16: (buffer) => new Int16Array(buffer),
  int32: (buffer) => new Int32Array(buffer),
  int64: (buffer) => new BigInt64Array(buffer),
  int8: (buffer) => new Int8Array(buffer),
  uint16: (buffer) => new Uint16Array(buffer),
  uint32: (buffer) => new Uint32Array(buffer),
  uint64: (buffer) => new BigUint64Array(buffer),
  uint8: (buffer) => new Uint8Array(buffer),
}

/** Loads the model without optimizing it. Errors of the runtime in loading are thrown, those of the run are in the reply. */
export async function askOracle(model: Uint8Array, request: OracleRequest): Promise<OracleReply> {
  process.env['ORT_DISABLE_TELEMETRY'] = '1'
  const { InferenceSession, Tensor } = await import('onnxruntime-node')
  const bytes = withOutputs(model, request.values)
  const session = await InferenceSession.create(bytes, {
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  })
  const reported: ReportedType[] = session.outputMetadata.map((metadata) =>
    metadata.isTensor
      ? { name: metadata.name, isTensor: true, type: metadata.type, shape: metadata.shape }
      : { name: metadata.name, isTensor: false },
  )
  if (request.feeds === 'none') return { reported, computed: 'none', error: 'none' }
  try {
    const feeds = Object.fromEntries(
      request.feeds.map(({ name, type, dims, data }) => {
        const raw = Buffer.from(data, 'base64')
        const copy = new Uint8Array(raw).buffer
        const array = ARRAYS[type]?.(copy)
        if (array === undefined) throw new Error(`no feed of type ${type}`)
        return [name, new Tensor(type as 'float32', array as Float32Array, dims)]
      }),
    )
    const tensors = reported.filter(({ isTensor }) => isTensor).map(({ name }) => name)
    const results = await session.run(feeds, tensors)
    const computed = Object.entries(results).flatMap(([name, value]): ReportedType[] =>
      value instanceof Tensor
        ? [{ name, isTensor: true, type: value.type, shape: value.dims }]
        : [],
    )
    return { reported, computed, error: 'none' }
  } catch (error) {
    return { reported, computed: 'none', error: String(error) }
  }
}
