// Walks graphs in order and asks each node's rule what its outputs are.

import type { Attribute } from '../ir/attribute.ts'
import type { Graph } from '../ir/graph.ts'
import type { FunctionDefinition, Model } from '../ir/model.ts'
import type { Node } from '../ir/node.ts'
import type { Value } from '../ir/value.ts'
import { Call } from './call.ts'
import type { CallContext, ShapeRule } from './call.ts'
import type { Size } from './expression.ts'
import type { Fact } from './fact.ts'
import { Hints } from './hints.ts'
import { join } from './join.ts'
import { factOfType, isTensorFact, tensor } from './fact.ts'
import { ruleOf } from './registry.ts'
import { plainDomain, Scope } from './scope.ts'

export interface InferenceProblem {
  /** The node whose rule found it; `null` for what concerns the model's inputs. */
  readonly node: Node | null
  readonly message: string
}

/** Graphs and functions inside one another, beyond which values stay unknown. */
const MAX_DEPTH = 48
/** Nodes looked at in all: bodies that call one another twice over would take exponential time. */
const VISITS_PER_NODE = 10
const SPARE_VISITS = 50_000

export class Walker {
  readonly facts = new Map<Value, Fact | null>()
  readonly problems: InferenceProblem[] = []
  readonly hints: Hints | null
  readonly #functions = new Map<string, FunctionDefinition>()
  readonly #reported = new Set<string>()
  #node: Node | null = null
  #depth = 0
  #repeated = 0
  #visits = 0
  readonly #maxVisits: number
  readonly #active = new Set<FunctionDefinition>()

  constructor(model: Model, useHints: boolean, name: (text: string) => Size) {
    this.hints = useHints ? new Hints((message) => this.problem(message), name) : null
    let nodes = [...model.graph.allNodes()].length
    for (const definition of model.functions) {
      this.#functions.set(functionKey(definition), definition)
      nodes += definition.body.nodeCount
    }
    this.#maxVisits = nodes * VISITS_PER_NODE + SPARE_VISITS
  }

  problem(message: string): void {
    const node = this.#node
    const key = `${node?.describe() ?? ''}\n${message}`
    if (this.#reported.has(key)) return
    this.#reported.add(key)
    this.problems.push({ node, message })
  }

  walkGraph(graph: Graph, scope: Scope): (Fact | null)[] {
    if (this.#depth >= MAX_DEPTH) return graph.outputs.map(() => null)
    this.#depth += 1
    const outer = this.#node
    for (const node of graph.nodes()) {
      this.#visits += 1
      if (this.#visits > this.#maxVisits) break
      this.#node = node
      this.#visit(node, scope)
    }
    this.#node = outer
    this.#depth -= 1
    return graph.outputs.map((value) => scope.fact(value))
  }

  #visit(node: Node, scope: Scope): void {
    const facts = this.#outputs(node, scope)
    for (const [index, value] of node.outputs.entries()) {
      if (value === null) continue
      const fact = this.#possible(value, facts[index] ?? null)
      const refined =
        this.hints === null || scope.attributes !== null
          ? fact
          : this.hints.apply(value, fact, this.#repeated > 0)
      scope.facts.set(value, refined)
    }
  }

  /** Sizes that no tensor has, from attributes that make no sense, are a problem and then unknown. */
  #possible(value: Value, fact: Fact | null): Fact | null {
    if (!isTensorFact(fact)) return fact
    const wrong = fact.shape?.find((size) => typeof size === 'number' && !isSize(size))
    if (fact.shape === null || wrong === undefined) return fact
    this.problem(`'${value.name}' would have a size of ${String(wrong)}`)
    const shape = fact.shape.map((size) =>
      typeof size === 'number' && !isSize(size) ? null : size,
    )
    return tensor(fact.dtype, shape)
  }

  #outputs(node: Node, scope: Scope): readonly (Fact | null)[] {
    try {
      const definition =
        this.#functions.size === 0 ? undefined : this.#functions.get(functionKey(keyFields(node)))
      if (definition !== undefined) return this.#callFunction(definition, node, scope)
      const rule = ruleOf(node.domain, node.opType)
      return rule === null ? [] : this.#applyRule(rule, node, scope)
    } catch (error) {
      this.problem(error instanceof Error ? error.message : String(error))
      return []
    }
  }

  #applyRule(rule: ShapeRule, node: Node, scope: Scope): readonly (Fact | null)[] {
    const context: CallContext = {
      opset: scope.opset(node.domain),
      input: (index) => {
        const value = node.input(index)
        return value === null ? null : scope.fact(value)
      },
      attribute: (name) => scope.resolve(node.attributes.get(name)),
      walk: (graph, inputs, repeated) => this.#walkBody(graph, inputs, repeated, scope),
      problem: (message) => this.problem(message),
    }
    return rule(new Call(node, context))
  }

  #walkBody(
    graph: Graph,
    inputs: readonly (Fact | null)[],
    repeated: boolean,
    scope: Scope,
  ): (Fact | null)[] {
    for (const [index, value] of graph.inputs.entries()) {
      scope.facts.set(value, inputs[index] ?? dtypeOnly(value))
    }
    if (repeated) this.#repeated += 1
    const outputs = this.walkGraph(graph, scope)
    if (repeated) this.#repeated -= 1
    return outputs
  }

  #callFunction(
    definition: FunctionDefinition,
    node: Node,
    scope: Scope,
  ): readonly (Fact | null)[] {
    if (this.#active.has(definition)) {
      this.problem(`function '${definition.name}' calls itself`)
      return []
    }
    const attributes = new Map<string, Attribute>()
    for (const attribute of definition.attributeDefaults) attributes.set(attribute.name, attribute)
    for (const [name, attribute] of node.attributes) {
      const resolved = scope.resolve(attribute)
      if (resolved !== null) attributes.set(name, resolved)
    }
    const inner = new Scope(definition.opsetImports, attributes)
    const { body } = definition
    for (const [index, value] of body.inputs.entries()) {
      const given = node.input(index)
      inner.facts.set(value, given === null ? null : scope.fact(given))
    }
    this.#active.add(definition)
    const outputs = this.walkGraph(body, inner)
    this.#active.delete(definition)
    this.record(inner)
    return outputs
  }

  /** Keeps what a scope knows; for the body of a function that is called twice, what holds for both. */
  record(scope: Scope): void {
    for (const [value, fact] of scope.facts) {
      const before = this.facts.get(value)
      this.facts.set(value, before === undefined ? fact : join(before, fact))
    }
  }
}

function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0
}

function dtypeOnly(value: Value): Fact | null {
  const { type } = value
  if (type === null) return null
  return factOfType('dtype' in type ? { ...type, shape: null } : type)
}

function keyFields(node: Node): { domain: string; name: string; overload: string } {
  return { domain: node.domain, name: node.opType, overload: node.overload }
}

function functionKey(fields: { domain: string; name: string; overload: string }): string {
  return JSON.stringify([plainDomain(fields.domain), fields.name, fields.overload])
}
