// The static gate: everything that can be known to be wrong with a model without running it.

import { setImmediate } from 'node:timers/promises'
import type { WeightCounts } from './count-weights.ts'
import { scanWeight } from './count-weights.ts'
import { ChunkBuffer } from './element-chunks.ts'
import type { Model } from './ir/model.ts'
import type { OnnxError } from './onnx-error.ts'
import { inferTypes } from './shapes/infer-types.ts'
import { checkAttributes } from './verify/check-attributes.ts'
import { checkComplexity, checkDepth } from './verify/check-complexity.ts'
import { checkFunctions } from './verify/check-functions.ts'
import { checkInputs } from './verify/check-inputs.ts'
import { checkLoops } from './verify/check-loops.ts'
import { checkOperators } from './verify/check-operators.ts'
import { checkSizes } from './verify/check-sizes.ts'
import { checkTensors } from './verify/check-tensors.ts'
import { checkTopology } from './verify/check-topology.ts'
import { checkVersions } from './verify/check-versions.ts'
import { checkScales, checkWeights, nonFiniteProblem } from './verify/check-weights.ts'
import type { VerifyLimits } from './verify/limits.ts'
import { DEFAULT_LIMITS } from './verify/limits.ts'
import { weightTensors } from './weight-tensors.ts'

/** Milliseconds of work after which others get their turn. */
const TURN_MS = 5

/** Problems in order of discovery. Each stage trusts the ones before: later stages are not entered once one found something. */
export function* findProblems(
  model: Model,
  limits: VerifyLimits = DEFAULT_LIMITS,
): IterableIterator<OnnxError> {
  let sound = true
  for (const problem of structuralProblems(model, limits)) {
    sound = false
    yield problem
  }
  if (sound) yield* checkWeights(model)
}

/** All that is found without reading the elements of the weights. */
function* structuralProblems(model: Model, limits: VerifyLimits): IterableIterator<OnnxError> {
  const stages: readonly (() => IterableIterator<OnnxError>)[] = [
    () => checkVersions(model),
    () => checkDepth(model, limits),
    () => checkComplexity(model, limits),
    () => checkOperators(model),
    () => checkFunctions(model, limits),
    () => checkTopology(model),
    () => checkInputs(model),
    () => checkAttributes(model),
    () => checkTensors(model),
    () => checkInferred(model, limits),
    () => checkScales(model),
  ]
  for (const stage of stages) {
    let found = false
    for (const problem of stage()) {
      found = true
      yield problem
    }
    if (found) return
  }
}

function* checkInferred(model: Model, limits: VerifyLimits): IterableIterator<OnnxError> {
  const types = inferTypes(model)
  yield* checkSizes(model, limits, types)
  yield* checkLoops(model, limits, types)
}

/** @throws OnnxError, the first problem found */
export function verifyModel(model: Model, limits: VerifyLimits = DEFAULT_LIMITS): void {
  for (const problem of findProblems(model, limits)) throw problem
}

/**
 * `verifyModel` and the counts of the weights in one pass over their bytes, which leaves the event loop to others between chunks.
 * @throws OnnxError, the first problem found
 */
export async function verifyAndCount(
  model: Model,
  limits: VerifyLimits = DEFAULT_LIMITS,
): Promise<WeightCounts> {
  for (const problem of structuralProblems(model, limits)) throw problem
  const buffer = new ChunkBuffer()
  let parameters = 0
  let nonzero = 0
  let resumed = performance.now()
  for (const weight of weightTensors(model)) {
    const steps = scanWeight(weight, buffer)
    let step = steps.next()
    while (step.done !== true) {
      if (performance.now() - resumed > TURN_MS) {
        await setImmediate()
        resumed = performance.now()
      }
      step = steps.next()
    }
    const problem = nonFiniteProblem(weight, step.value.nonFinite)
    if (problem !== null) throw problem
    parameters += step.value.parameters
    nonzero += step.value.nonzero
  }
  return { parameters, nonzero }
}
