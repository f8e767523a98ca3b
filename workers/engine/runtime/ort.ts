// The runtime port on onnxruntime-node. The one file that imports it. `ORT_DISABLE_TELEMETRY=1` must be in the
// environment before this module loads: whoever starts the process sets it.

import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InferenceSession, Tensor, env } from 'onnxruntime-node'
import type { DataType } from '#src/onnx/ir/data-type'
import { castFloats } from './cast-floats.ts'
import { readTrace } from './ort-trace.ts'
import type {
  LoadOptions,
  NodeRun,
  Runtime,
  RuntimeSession,
  RuntimeTensor,
  RuntimeValueInfo,
  SessionThreads,
  TensorData,
  TraceOptions,
} from './runtime.ts'
import { RuntimeRejection } from './runtime.ts'

const FATAL_ONLY = 4

/** The installed onnxruntime. Loading and running block the calling thread. */
export function openRuntime(sessionThreads: SessionThreads | 'none' = 'none'): Runtime {
  return {
    version: env.versions.node ?? env.versions.common,
    sessionThreads,
    load: async (model, options) => new OrtSession(await create(model, sessionOptions(options))),
    trace,
  }
}

async function create(
  model: Uint8Array | string,
  settings: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    return typeof model === 'string'
      ? await InferenceSession.create(model, settings)
      : await InferenceSession.create(model, settings)
  } catch (error) {
    throw new RuntimeRejection('load', textOf(error))
  }
}

const TRACE_PREFIX = 'runtime-trace'

async function trace(
  model: Uint8Array | string,
  { runs = 1, ...options }: TraceOptions,
  feeds: Readonly<Record<string, RuntimeTensor>>,
  scratch: string,
): Promise<NodeRun[]> {
  const folder = await mkdtemp(join(scratch, `${TRACE_PREFIX}-`))
  try {
    const session = await create(model, {
      ...sessionOptions(options),
      enableProfiling: true,
      profileFilePrefix: join(folder, TRACE_PREFIX),
    })
    try {
      const traced = new OrtSession(session)
      for (let run = 0; run < runs; run += 1) await traced.run(feeds)
      session.endProfiling()
    } finally {
      await session.release()
    }
    return await readTrace(folder, runs)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function sessionOptions(options: LoadOptions): InferenceSession.SessionOptions {
  const config: Record<string, string> = { ...options.sessionConfig }
  if (options.optimizedModelPath !== undefined) {
    const format = options.optimizedModelFormat === 'ort' ? 'ORT' : 'ONNX'
    config['session.save_model_format'] = format
  }
  const arena = options.memoryArena ?? true
  const provider = options.provider ?? 'cpu'
  return {
    executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: options.optimization,
    enableCpuMemArena: arena,
    enableMemPattern: options.memoryPattern ?? arena,
    logSeverityLevel: FATAL_ONLY,
    ...(options.optimizedModelPath !== undefined && {
      optimizedModelFilePath: options.optimizedModelPath,
    }),
    extra: nested(config),
  }
}

/** `session.intra_op.allow_spinning` → `{session: {intra_op: {allow_spinning}}}`, the form the binding flattens again. */
function nested(config: Readonly<Record<string, string>>): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(config)) {
    const parts = key.split('.')
    const last = parts.pop() ?? key
    let level = root
    for (const part of parts) {
      level[part] ??= {}
      level = level[part] as Record<string, unknown>
    }
    level[last] = value
  }
  return root
}

class OrtSession implements RuntimeSession {
  readonly inputs: readonly RuntimeValueInfo[]
  readonly outputs: readonly RuntimeValueInfo[]
  readonly #session: InferenceSession

  constructor(session: InferenceSession) {
    this.#session = session
    this.inputs = session.inputMetadata.map(valueInfo)
    this.outputs = session.outputMetadata.map(valueInfo)
  }

  async run(
    feeds: Readonly<Record<string, RuntimeTensor>>,
    outputs?: readonly string[],
  ): Promise<Record<string, RuntimeTensor>> {
    try {
      const tensors: Record<string, Tensor> = {}
      for (const [name, tensor] of Object.entries(castFloats(feeds, this.inputs))) {
        tensors[name] = ortTensorOf(name, tensor)
      }
      const results =
        outputs === undefined
          ? await this.#session.run(tensors)
          : await this.#session.run(tensors, outputs)
      const converted: Record<string, RuntimeTensor> = {}
      for (const [name, value] of Object.entries(results)) {
        converted[name] = runtimeTensorOf(name, value)
      }
      return converted
    } catch (error) {
      throw error instanceof RuntimeRejection ? error : new RuntimeRejection('run', textOf(error))
    }
  }

  async release(): Promise<void> {
    await this.#session.release()
  }
}

/** The binding writes an unknown rank and a scalar both as an empty list: the shape is not told then. */
function valueInfo(metadata: InferenceSession.ValueMetadata): RuntimeValueInfo {
  if (!metadata.isTensor) return { name: metadata.name, dtype: 'none', shape: null }
  const shape = metadata.shape.map((dim) => (dim === '' ? null : dim))
  const dtype: DataType = metadata.type
  return { name: metadata.name, dtype, shape: shape.length === 0 ? null : shape }
}

/** The binding takes no 4-bit inputs, though models may hold 4-bit constants. */
const HANDED_OVER: ReadonlySet<string> = new Set<Tensor.Type>([
  'float32',
  'float64',
  'float16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
])

function ortTensorOf(name: string, { dtype, data, dims }: RuntimeTensor): Tensor {
  if (!HANDED_OVER.has(dtype)) {
    throw new RuntimeRejection('run', `input '${name}': tensors of ${dtype} cannot be handed over`)
  }
  return new Tensor(dtype as 'float32', data as Float32Array, dims)
}

function runtimeTensorOf(name: string, value: InferenceSession.ReturnType[string]): RuntimeTensor {
  const tensor: Tensor | null = value instanceof Tensor ? value : null
  if (tensor === null || tensor.type === 'string') {
    throw new RuntimeRejection('run', `output '${name}' is no tensor of numbers`)
  }
  const data = tensor.data as TensorData
  if (tensor.type === 'float16' && !(data instanceof Uint16Array)) {
    const bits = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
    return { dtype: 'float16', dims: tensor.dims, data: bits }
  }
  return { dtype: tensor.type, dims: tensor.dims, data }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
