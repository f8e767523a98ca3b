// How a rule tells which indices of which axes are the same. An axis is a vector of labels, one per index; a label is the set
// of removable units that the index stands or falls with, and an empty set never goes. Algorithms that remove channels
// implement the interface; rules only speak it.

import type { Node } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'

/** The labels of one axis. What is inside belongs to the implementation. */
export interface AxisLabels {
  readonly size: number
}

/** What has to change in a node or its constants once indices are gone. */
export type Rewrite =
  /** The integer attribute becomes the number of indices kept of the axis (`group`, `num_groups`, `hidden_size`). */
  | { readonly kind: 'count'; readonly attribute: string; readonly axis: AxisLabels }
  /** Input `input` is a list of sizes, written anew as the number of indices kept of each part (Split). */
  | { readonly kind: 'sizes'; readonly input: number; readonly parts: readonly AxisLabels[] }
  /** Inputs starts and ends become the range of kept picks; where that is no range, a Gather follows (Slice). */
  | { readonly kind: 'bounds'; readonly axis: number; readonly picks: readonly number[] }
  /** Input `input` holds positions on the axis, renumbered without those gone (Gather, GatherND). */
  | { readonly kind: 'indices'; readonly input: number; readonly axis: AxisLabels }
  /** Input `input` is the output's shape: entries of changed axes are scaled by kept ÷ before (Reshape, Expand). */
  | { readonly kind: 'shape'; readonly input: number }
  /** Entries of Pad's input `pads` for the axis: how many of the padding indices are kept at either end. */
  | {
      readonly kind: 'pads'
      readonly axis: number
      readonly before: AxisLabels
      readonly after: AxisLabels
    }
  /** The output holds sizes of the input: those of changed axes are multiplied back to what they were (Shape, Size). */
  | { readonly kind: 'restore' }

export interface AxisContext {
  readonly node: Node
  /** The opset of ai.onnx that the node is read by. */
  readonly opset: number
  /** Sizes as they are before anything is removed; `null` when the rank or a size is not known. */
  shape(value: Value): readonly number[] | null
  constant(value: Value): Tensor | null
  /** Labels of an axis of an input; the axis may be negative. Axes that a rule does not ask for are frozen. */
  input(index: number, axis: number): AxisLabels
  /** Gives an axis of an output its labels. Axes that the rule does not name are frozen. */
  output(index: number, axis: number, labels: AxisLabels): void
  /** Equal indices of the two stand or fall together. */
  tie(one: AxisLabels, other: AxisLabels): void
  /** Nothing of it may go, for the reason given. */
  freeze(labels: AxisLabels, reason: string): void
  /**
   * Statistics are taken over the axis, so that the indices kept depend on those gone. It stays whole, unless axes of
   * this kind were asked for: then the statistics are those of what is left.
   */
  normalized(labels: AxisLabels): void
  /** Labels of their own: each index may go alone. */
  fresh(size: number): AxisLabels
  /** Empty labels. */
  frozen(size: number, reason: string): AxisLabels
  /** The axis as a product of axes of these sizes, the last one running fastest. */
  split(labels: AxisLabels, sizes: readonly number[]): AxisLabels[]
  /** The product of the axes: an index goes when one of its factors goes. */
  merge(factors: readonly AxisLabels[]): AxisLabels
  concat(parts: readonly AxisLabels[]): AxisLabels
  pick(labels: AxisLabels, indices: readonly number[]): AxisLabels
  rewrite(rewrite: Rewrite): void
}

/**
 * `same`: elementwise with broadcasting, axes aligned from the right.
 * `opaque`: everything that touches the node is frozen.
 */
export type AxesRule = 'same' | 'opaque' | ((context: AxisContext) => void)
