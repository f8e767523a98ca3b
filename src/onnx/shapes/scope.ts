// Where a walk is: the values of one graph (and of the graphs inside it), or of one call of a local function.

import type { Attribute } from '../ir/attribute.ts'
import type { OpsetImport } from '../ir/model.ts'
import type { Value } from '../ir/value.ts'
import type { Fact } from './fact.ts'
import { ConstantFact } from './fact.ts'

export class Scope {
  readonly facts = new Map<Value, Fact | null>()
  /** Attributes of the call that a function body refers to; `null` outside of functions. */
  readonly attributes: ReadonlyMap<string, Attribute> | null
  readonly #opsets = new Map<string, number>()

  constructor(
    opsets: readonly OpsetImport[],
    attributes: ReadonlyMap<string, Attribute> | null = null,
  ) {
    this.attributes = attributes
    for (const { domain, version } of opsets) this.#opsets.set(plainDomain(domain), version)
  }

  opset(domain: string): number {
    return this.#opsets.get(plainDomain(domain)) ?? 0
  }

  fact(value: Value): Fact | null {
    const known = this.facts.get(value)
    if (known !== undefined) return known
    const { initializer } = value
    if (initializer === null) return null
    const fact: Fact =
      initializer.kind === 'tensor'
        ? new ConstantFact(initializer)
        : {
            kind: 'sparse_tensor',
            dtype: initializer.values.dtype,
            shape: initializer.dims,
            data: null,
          }
    this.facts.set(value, fact)
    return fact
  }

  /** The attribute, with a function body's reference replaced by what the caller gave. */
  resolve(attribute: Attribute | undefined): Attribute | null {
    if (attribute === undefined) return null
    if (attribute.type !== 'reference') return attribute
    return this.attributes?.get(attribute.value) ?? null
  }
}

/** `ai.onnx` is the empty domain. */
export function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain
}
