// One session of a model, run with some of its channels masked: what reads them is 0, which is what removing them does.

import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'
import { floatValues } from '#src/onnx/tensor-values'
import { weightReadings } from '../reading-layers.ts'
import { copyModel } from '../../rewrite/copy-model.ts'
import type { Runtime, RuntimeSession, RuntimeTensor } from '../../runtime/runtime.ts'
import { exposeAsInputs } from '../../train/trainable-weights.ts'
import { weightIncidences } from '../importance/slice-norms.ts'
import type { AxisTrace } from '../trace-axes.ts'
import type { Incidence, Unit } from '../units.ts'

/** Incidences that hold a unit's atoms back when they are 0: those that read it; those that write it where none does. */
export function maskedIncidences(model: Model, units: readonly Unit[]): Incidence[][] {
  const readings = weightReadings(model)
  return units.map((unit) => {
    const plain = unit.incidences.filter(({ value }) => value.constant?.dtype === 'float32')
    const readers = plain.filter(({ value, axis }) => {
      return readings.some((reading) => reading.weight === value && reading.axis === axis)
    })
    return readers.length > 0 ? readers : [...weightIncidences({ ...unit, incidences: plain })]
  })
}

export interface MaskedSessions {
  readonly whole: RuntimeSession
  masked(incidences: readonly Incidence[], removed: ReadonlySet<number>): RuntimeSession
  release(): Promise<void>
}

/** @throws RuntimeRejection */
export async function openMaskedSessions(
  trace: AxisTrace,
  incidences: readonly Incidence[],
  runtime: Runtime,
): Promise<MaskedSessions> {
  const copy = copyModel(trace.model)
  const names = [...new Set(incidences.map(({ value }) => value.name))]
  const values = names.flatMap((name) => copy.graph.initializers.get(name) ?? [])
  const elements = exposeAsInputs(copy, values)
  const session = await runtime.load(modelBytes(copy, 'inline'), {
    threads: 1,
    optimization: 'basic',
  })
  const weights = new Map(
    incidences.map(({ value }): [string, RuntimeTensor] => {
      const data = elements.get(value.name) ?? new Float32Array()
      return [value.name, { dtype: 'float32', dims: value.constant?.dims ?? [], data }]
    }),
  )
  const inputs = session.inputs.filter(({ name }) => !weights.has(name))
  const withWeights = (own: ReadonlyMap<string, RuntimeTensor>): RuntimeSession => ({
    inputs,
    outputs: session.outputs,
    run: (feeds, outputs) => {
      return session.run(
        { ...feeds, ...Object.fromEntries(weights), ...Object.fromEntries(own) },
        outputs,
      )
    },
    release: () => Promise.resolve(),
  })
  return {
    whole: withWeights(new Map()),
    masked: (part, removed) => withWeights(maskedWeights(trace, part, removed)),
    release: () => session.release(),
  }
}

function maskedWeights(
  trace: AxisTrace,
  incidences: readonly Incidence[],
  removed: ReadonlySet<number>,
): Map<string, RuntimeTensor> {
  const masked = new Map<string, RuntimeTensor & { readonly data: Float32Array }>()
  for (const { value, axis, labels } of incidences) {
    const tensor = value.constant
    if (tensor === null) continue
    const own = masked.get(value.name) ?? {
      dtype: 'float32' as const,
      dims: tensor.dims,
      data: Float32Array.from(floatValues(tensor)),
    }
    masked.set(value.name, own)
    const inner = tensor.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
    const goes = labels.sets.map((set) => {
      return trace.algebra.labels.resolve(set).some((atom) => removed.has(atom))
    })
    for (const at of own.data.keys()) {
      if (goes[Math.floor(at / inner) % labels.size] === true) own.data[at] = 0
    }
  }
  return masked
}
