// What a row of the fault matrix is.

import type { S3Address } from './cluster.ts'
import type { Random } from './random.ts'

export interface FaultContext {
  readonly s3: S3Address
  readonly random: Random
  /** How often the fault is to strike. */
  readonly times: number
  note(line: string): void
}

export interface FaultResult {
  /** How often the fault struck while something was there to lose. */
  readonly struck: number
  /** Jobs, or whatever was at stake. */
  readonly atStake: number
  readonly violations: readonly string[]
  /** What was measured, in words. */
  readonly measured: string
}

export interface Fault {
  /** Of the fault matrix in docs/operations/faults.md. */
  readonly row: number
  readonly name: string
  /** How often it strikes by default. */
  readonly times: number
  run(context: FaultContext): Promise<FaultResult>
}
