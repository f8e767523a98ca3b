// Whether a dataset fits the model: a field per input, its element type, its shape behind the sample axis.

import type { FieldError } from '#src/domain/errors'
import type { DatasetField, DatasetRecord, ModelRecord } from '#src/domain/records'

type Input = ModelRecord['graph']['inputs'][number]

export function datasetFaults(
  model: ModelRecord,
  dataset: DatasetRecord,
  pointer: string,
): FieldError[] {
  const sizes = new Map<string, number>()
  return model.graph.inputs.flatMap((input) => {
    const field = dataset.fields.find(({ name }) => name === input.name)
    const fault =
      field === undefined ? missingField(input, dataset) : fieldFault(input, field, sizes)
    return fault === null ? [] : [{ pointer, ...fault }]
  })
}

type Fault = Omit<FieldError, 'pointer'>

function missingField(input: Input, dataset: DatasetRecord): Fault {
  const has = dataset.fields.map(({ name }) => `'${name}'`).join(', ')
  return {
    code: 'shape_mismatch',
    detail: `the model takes the input '${input.name}', the dataset has ${has || 'no fields'}`,
  }
}

function fieldFault(input: Input, field: DatasetField, sizes: Map<string, number>): Fault | null {
  if (field.dtype !== input.dtype) {
    return {
      code: 'dtype_not_allowed',
      detail: `input '${input.name}' is ${input.dtype}, the dataset has ${field.dtype}`,
    }
  }
  const { shape } = input
  if (shape === null) return null
  const mismatch: Fault = {
    code: 'shape_mismatch',
    detail: `input '${input.name}' has the shape ${expected(shape)}, the dataset [${field.shape.join(', ')}]; the first axis counts samples`,
  }
  if (shape.length !== field.shape.length || shape.length === 0) return mismatch
  const [batch] = shape
  if (typeof batch === 'number' && batch > (field.shape[0] ?? 0)) return mismatch
  const fits = shape.every((dim, axis) => {
    const size = field.shape[axis] ?? 0
    if (axis === 0 || dim === null) return true
    if (typeof dim === 'number') return dim === size
    const known = sizes.get(dim) ?? size
    sizes.set(dim, known)
    return known === size
  })
  return fits ? null : mismatch
}

function expected(shape: NonNullable<Input['shape']>): string {
  return `[${shape.map((dim) => dim ?? '?').join(', ')}]`
}
