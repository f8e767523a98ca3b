// Calls of functions local to the model → their bodies, as dynamo exports need it.

import type { Attribute } from '#src/onnx/ir/attribute'
import type { FunctionDefinition, Model, OpsetImport } from '#src/onnx/ir/model'
import { Node } from '#src/onnx/ir/node'
import { OnnxError } from '#src/onnx/onnx-error'
import { NodeCloner } from './clone-node.ts'
import { FreshNames } from './fresh-names.ts'
import type { Declined, Pass } from './pass.ts'
import { labelOf } from './pass.ts'

const NODE_LIMIT = 200_000

export const inlineFunctions: Pass = {
  name: 'inline-functions',
  run: (model) => {
    if (model.functions.length === 0) return { applied: 0, declined: [] }
    const inliner = new Inliner(model)
    const applied = inliner.run()
    if (inliner.declined.length === 0) model.functions = []
    return { applied, declined: inliner.declined }
  },
}

class Inliner {
  readonly declined: Declined[] = []
  readonly #model: Model
  readonly #names: FreshNames
  readonly #functions = new Map<string, FunctionDefinition>()

  constructor(model: Model) {
    this.#model = model
    this.#names = new FreshNames(model)
    for (const definition of model.functions) {
      this.#functions.set(
        keyOf(definition.domain, definition.name, definition.overload),
        definition,
      )
    }
  }

  run(): number {
    let applied = 0
    let produced = 0
    const waiting = [...this.#model.graph.allNodes()]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      const definition = this.#functions.get(keyOf(node.domain, node.opType, node.overload))
      if (definition === undefined) continue
      const conflict = this.#importOpsets(definition)
      if (conflict !== null) {
        this.declined.push({ rule: 'inline-functions', node: labelOf(node), reason: conflict })
        continue
      }
      const body = this.#inline(node, definition)
      produced += body.length
      if (produced > NODE_LIMIT) {
        throw new OnnxError(
          'function_expansion_limit',
          `inlining the functions of the model makes more than ${NODE_LIMIT} nodes`,
          { function: definition.name },
        )
      }
      for (const inner of body) {
        waiting.push(inner)
        for (const graph of inner.subgraphs()) waiting.push(...graph.allNodes())
      }
      applied += 1
    }
    return applied
  }

  /** The reason why the body cannot stand in the model, or `null` once the model imports what the body needs. */
  #importOpsets(definition: FunctionDefinition): string | null {
    const missing: OpsetImport[] = []
    for (const wanted of definition.opsetImports) {
      const present = this.#model.opsetImports.find(
        ({ domain }) => plain(domain) === plain(wanted.domain),
      )
      if (present === undefined) missing.push(wanted)
      else if (present.version !== wanted.version) {
        const domain = wanted.domain === '' ? 'ai.onnx' : wanted.domain
        return `function '${definition.name}' uses version ${wanted.version} of ${domain}, the model ${present.version}`
      }
    }
    this.#model.opsetImports.push(...missing)
    return null
  }

  #inline(call: Node, definition: FunctionDefinition): Node[] {
    const { graph } = call
    if (graph === null) throw new Error(`${call.describe()} is in no graph`)
    const attributes = new Map<string, Attribute>()
    for (const attribute of definition.attributeDefaults) attributes.set(attribute.name, attribute)
    for (const attribute of call.attributes.values()) attributes.set(attribute.name, attribute)
    const prefix = labelOf(call)
    const cloner = new NodeCloner({
      resolve: (value) => value,
      rename: (name) => this.#names.make(`${prefix}/${name}`),
      attribute: (attribute) => resolved(attribute, attributes),
    })
    const absent = new Set(definition.body.inputs.filter((_, index) => call.input(index) === null))
    definition.body.inputs.forEach((formal, index) => {
      const actual = call.input(index)
      if (actual !== null) cloner.bind(formal, actual)
    })
    const results = [...call.outputs]
    const anchor = call.next
    const inputs = [...call.inputs]
    call.outputs.forEach((_, index) => call.setOutput(index, null))
    const passedOn: Node[] = []
    definition.body.outputs.forEach((formal, index) => {
      const result = results[index] ?? null
      if (result === null) return
      if (formal.producer === null || definition.body.outputs.indexOf(formal) !== index) {
        const source =
          formal.producer === null ? inputs[definition.body.inputs.indexOf(formal)] : null
        const original = source ?? results[definition.body.outputs.indexOf(formal)] ?? null
        passedOn.push(new Node({ opType: 'Identity', inputs: [original], outputs: [result] }))
      } else cloner.bind(formal, result)
    })
    graph.remove(call)
    const body = [...definition.body.nodes()].map((node) => withoutInputs(node, absent, cloner))
    for (const node of [...body, ...passedOn]) {
      if (anchor === null) graph.append(node)
      else graph.insertBefore(node, anchor)
    }
    return body
  }
}

function withoutInputs(node: Node, absent: ReadonlySet<unknown>, cloner: NodeCloner): Node {
  const copy = cloner.clone(node)
  node.inputs.forEach((value, index) => {
    if (value !== null && absent.has(value)) copy.setInput(index, null)
  })
  return copy
}

function resolved(attribute: Attribute, given: ReadonlyMap<string, Attribute>): Attribute | null {
  if (attribute.type !== 'reference') return attribute
  const actual = given.get(attribute.value)
  return actual === undefined ? null : { ...actual, name: attribute.name }
}

function plain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain
}

function keyOf(domain: string, name: string, overload: string): string {
  return `${plain(domain)}\0${name}\0${overload}`
}
