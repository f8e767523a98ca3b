// Operators: known ones only, with as many inputs, outputs and attributes as their definition says.

import type { Model } from '../ir/model.ts'
import type { Node } from '../ir/node.ts'
import { OnnxError } from '../onnx-error.ts'
import type { CountRange } from '../operators/operator-table.ts'
import {
  isKnownDomain,
  isUndocumentedOperator,
  operatorVersion,
  operatorVersions,
} from '../operators/operator-table.ts'
import { placeOf } from './place.ts'
import { functionKey, graphScopes } from './scopes.ts'

/** Operators named in one message. */
const NAMED = 10

/** Unsupported operators are one problem that lists them all; a wrong call is a problem of its node. */
export function* checkOperators(model: Model): IterableIterator<OnnxError> {
  const functions = new Set(
    model.functions.map(({ domain, name, overload }) => functionKey(domain, name, overload)),
  )
  const unsupported = new Map<string, Node>()
  const calls: OnnxError[] = []
  for (const { graph, opsetImports } of graphScopes(model)) {
    for (const node of graph.nodes()) {
      if (functions.has(functionKey(node.domain, node.opType, node.overload))) continue
      const domain = node.is() ? '' : node.domain
      const imported = opsetImports.find(
        (entry) => (entry.domain === 'ai.onnx' ? '' : entry.domain) === domain,
      )
      const fault = whyUnsupported(node, imported?.version ?? 1)
      if (fault !== null) {
        if (!unsupported.has(fault)) unsupported.set(fault, node)
      } else {
        calls.push(...checkCall(node, imported?.version ?? 1))
      }
    }
  }
  const [first] = unsupported.values()
  if (first !== undefined) {
    yield new OnnxError('unsupported_operator', describeAll([...unsupported]), placeOf(first))
  }
  yield* calls
}

function describeAll(unsupported: readonly (readonly [string, Node])[]): string {
  const listed = unsupported
    .slice(0, NAMED)
    .map(([fault, node]) => `${fault}, first used by ${node.describe()}`)
  const more = unsupported.length - listed.length
  return listed.join('; ') + (more > 0 ? `; and ${more} more` : '')
}

function whyUnsupported(node: Node, opset: number): string | null {
  const { domain, opType } = node
  const fullName = `${domain === '' ? 'ai.onnx' : domain}.${opType}`
  if (!isKnownDomain(domain)) {
    return `${fullName} is a custom operator: neither the runtime nor a function of the model defines it`
  }
  if (isUndocumentedOperator(domain, opType)) return null
  const versions = operatorVersions(domain, opType)
  if (versions === null) return `${fullName} is no operator of its domain`
  const version = operatorVersion(domain, opType, opset)
  if (version === 'none') {
    return `${fullName} exists since opset ${versions[0]?.since ?? 0} and the model imports ${opset}`
  }
  if (version.deprecated) return `${fullName} does not exist any more in opset ${opset}`
  return null
}

function* checkCall(node: Node, opset: number): IterableIterator<OnnxError> {
  const version = operatorVersion(node.domain, node.opType, opset)
  if (version === 'none') return
  const inputs = node.inputs.findLastIndex((value) => value !== null) + 1
  if (inputs < version.inputs.min || inputs > version.inputs.max) {
    yield new OnnxError(
      'invalid_graph',
      `${node.describe()} has ${inputs} inputs; ${node.opType} takes ${describeRange(version.inputs)}`,
      placeOf(node),
    )
  }
  if (node.outputs.length < version.outputs.min || node.outputs.length > version.outputs.max) {
    yield new OnnxError(
      'invalid_graph',
      `${node.describe()} has ${node.outputs.length} outputs; ${node.opType} has ${describeRange(version.outputs)}`,
      placeOf(node),
    )
  }
  for (const attribute of version.requiredAttributes) {
    if (node.attributes.has(attribute) || attribute === 'consumed_inputs') continue
    yield new OnnxError(
      'invalid_attribute',
      `${node.describe()} lacks the attribute '${attribute}', which ${node.opType} requires`,
      placeOf(node, { attribute }),
    )
  }
}

function describeRange({ min, max }: CountRange): string {
  if (max === Infinity) return `${min} or more`
  return min === max ? `${min}` : `${min} to ${max}`
}
