// Units: atoms that are alike, one of which can go as well as another. Heads are one unit, positions within a head another.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { opRule } from '../ops/registry.ts'
import { labelOf } from '../rewrite/pass.ts'
import type { Labels } from './axis-algebra.ts'
import type { AxisTrace } from './trace-axes.ts'

/** An axis of a constant. */
export interface Incidence {
  readonly value: Value
  readonly axis: number
  readonly labels: Labels
}

export interface Unit {
  /** Free roots, in order. */
  readonly atoms: readonly number[]
  /** Axes of constants that lose an index with every atom. */
  readonly incidences: readonly Incidence[]
  /** Names of the layers whose outputs lose it. */
  readonly layers: readonly string[]
  /** Most indices of one axis that go with one atom. */
  readonly span: number
}

/** Every unit that occurs in a constant and in a tensor that depends on the model's inputs. */
export function unitsOf(trace: AxisTrace): Unit[] {
  const occurrences = new Occurrences(trace)
  const groups = new Map<string, number[]>()
  for (const [atom, key] of occurrences.keys()) {
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [atom])
    else group.push(atom)
  }
  return [...groups.values()].map((atoms) => occurrences.unit(atoms))
}

class Occurrences {
  readonly #trace: AxisTrace
  readonly #incidences: Incidence[] = []
  /** Numbers of incidences by atom, ascending. */
  readonly #byAtom = new Map<number, number[]>()
  readonly #active = new Set<number>()
  readonly #layers = new Map<number, Set<string>>()
  readonly #atomsOf = new Map<Labels, readonly number[]>()

  constructor(trace: AxisTrace) {
    this.#trace = trace
    const dependent = dependentValues(trace)
    for (const [value, axes] of trace.tensors()) {
      if (value.initializer?.kind === 'tensor') this.#addConstant(value, axes)
      else if (dependent.has(value)) {
        for (const labels of axes) {
          for (const atom of this.#atoms(labels)) this.#active.add(atom)
        }
      }
    }
    for (const node of trace.model.graph.nodes()) this.#addLayer(node)
  }

  #atoms(labels: Labels): readonly number[] {
    const known = this.#atomsOf.get(labels)
    if (known !== undefined) return known
    const sets = this.#trace.algebra.labels
    const atoms = new Set<number>()
    for (const set of new Set(labels.sets)) for (const atom of sets.resolve(set)) atoms.add(atom)
    const list = [...atoms]
    this.#atomsOf.set(labels, list)
    return list
  }

  #addConstant(value: Value, axes: readonly Labels[]): void {
    for (const [axis, labels] of axes.entries()) {
      const atoms = this.#atoms(labels)
      if (atoms.length === 0) continue
      const number = this.#incidences.push({ value, axis, labels }) - 1
      for (const atom of atoms) {
        const own = this.#byAtom.get(atom)
        if (own === undefined) this.#byAtom.set(atom, [number])
        else own.push(number)
      }
    }
  }

  /** A layer multiplies by weights; its outputs are what it makes. */
  #addLayer(node: Node): void {
    const rule = opRule(node)
    if (rule === 'unknown' || rule.macs === 'none') return
    for (const output of node.outputs) {
      const axes = output === null ? [] : this.#trace.axesOf(output)
      for (const labels of axes) {
        for (const atom of this.#atoms(labels)) {
          const names = this.#layers.get(atom) ?? new Set<string>()
          this.#layers.set(atom, names.add(labelOf(node)))
        }
      }
    }
  }

  /** What tells units apart: the axes that their atoms came from and the constants that they occur in. */
  *keys(): Generator<[number, string]> {
    const { atoms } = this.#trace.algebra.labels
    const origins = new Map<number, Set<number>>()
    for (let atom = 0; atom < atoms.count; atom += 1) {
      const root = atoms.root(atom)
      if (!this.#active.has(root)) continue
      const own = origins.get(root) ?? new Set<number>()
      origins.set(root, own.add(atoms.originOf(atom)))
    }
    for (const [root, own] of origins) {
      const incidences = this.#byAtom.get(root)
      if (incidences === undefined) continue
      const from = [...own].sort((one, other) => one - other)
      yield [root, `${from.join()}|${incidences.join()}`]
    }
  }

  unit(atoms: readonly number[]): Unit {
    const [first = 0] = atoms
    const numbers = this.#byAtom.get(first) ?? []
    const incidences = numbers.flatMap((number) => this.#incidences[number] ?? [])
    const layers = new Set(atoms.flatMap((atom) => [...(this.#layers.get(atom) ?? [])]))
    const spans = incidences.map(({ labels }) => this.#span(labels, first))
    return { atoms, incidences, layers: [...layers], span: Math.max(1, ...spans) }
  }

  #span(labels: Labels, atom: number): number {
    const sets = this.#trace.algebra.labels
    return labels.sets.filter((set) => sets.resolve(set).includes(atom)).length
  }
}

function dependentValues({ model }: AxisTrace): Set<Value> {
  const dependent = new Set<Value>(model.graph.inputs.filter((value) => value.initializer === null))
  for (const node of model.graph.nodes()) {
    if (!node.inputs.some((input) => input !== null && dependent.has(input))) continue
    for (const output of node.outputs) if (output !== null) dependent.add(output)
  }
  return dependent
}
