// What a model may be at most, before anything runs it.

export interface VerifyLimits {
  /** Nodes of all graphs and function bodies. */
  readonly maxNodes: number
  /** Nodes after all local functions are inlined. */
  readonly maxExpandedNodes: number
  /** Graphs inside one another. */
  readonly maxDepth: number
  /** UTF-16 code units of a value's, node's or operator's name. */
  readonly maxNameLength: number
  /** UTF-16 code units of all metadata of the model and its graph. */
  readonly maxMetadataLength: number
  /** Iterations of a Loop that nothing but its count ends. */
  readonly maxLoopIterations: number
  /** Bytes of one tensor, where its size is known without running; unknown dimensions count as 1. */
  readonly maxTensorBytes: number
}

export const DEFAULT_LIMITS: VerifyLimits = {
  maxNodes: 200_000,
  // The runtime inlines level by level: 16 levels of two calls each, 65 536 nodes, took it 13.6 s.
  maxExpandedNodes: 40_000,
  maxDepth: 16,
  maxNameLength: 256,
  maxMetadataLength: 16 * 1024 * 1024,
  maxLoopIterations: 1_000_000,
  maxTensorBytes: 2 ** 31,
}
