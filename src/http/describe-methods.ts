// Step types and methods as the API lists them: schema and defaults come from the recipes.

import { z } from 'zod'
import { distillStep } from '#src/recipes/distill'
import { factorizeStep } from '#src/recipes/factorize'
import { pruneChannel, pruneNm, pruneUnstructured } from '#src/recipes/prune'
import { quantizeDynamic, quantizeFloat16, quantizeStatic } from '#src/recipes/quantize'
import { quantizeQat } from '#src/recipes/quantize-qat'
import { quantizeWeightOnly } from '#src/recipes/quantize-weight-only'
import { simplifyStep } from '#src/recipes/simplify'

export interface MethodDescription {
  readonly object: 'method'
  readonly type: string
  readonly method: string | null
  readonly description: string
  readonly defaults: Readonly<Record<string, unknown>>
  readonly json_schema: Readonly<Record<string, unknown>>
}

const METHODS = [
  { type: 'simplify', method: null, schema: simplifyStep },
  { type: 'quantize', method: 'static', schema: quantizeStatic },
  { type: 'quantize', method: 'dynamic', schema: quantizeDynamic },
  { type: 'quantize', method: 'weight_only', schema: quantizeWeightOnly },
  { type: 'quantize', method: 'float16', schema: quantizeFloat16 },
  { type: 'quantize', method: 'qat', schema: quantizeQat },
  { type: 'prune', method: 'channel', schema: pruneChannel },
  { type: 'prune', method: 'unstructured', schema: pruneUnstructured },
  { type: 'prune', method: 'n_m', schema: pruneNm },
  { type: 'distill', method: null, schema: distillStep },
  { type: 'factorize', method: 'svd', schema: factorizeStep },
] as const

export function describeMethods(): MethodDescription[] {
  return METHODS.map(({ type, method, schema }) => {
    const minimal = method === null ? { type } : { type, method }
    const { type: _, method: __, ...defaults } = schema.parse(minimal) as Record<string, unknown>
    return {
      object: 'method',
      type,
      method,
      description: schema.meta()?.description ?? '',
      defaults,
      json_schema: z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>,
    }
  })
}
