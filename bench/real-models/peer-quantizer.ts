// Runs onnxruntime's Python quantizer as a user would: one process per model.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type PeerVariant = 'defaults' | 'u8s8'

export interface PeerRequest {
  readonly model: string
  readonly calibration: string
  readonly output: string
  readonly variant: PeerVariant
}

export interface PeerResult {
  /** `null` when it failed. */
  readonly bytes: Uint8Array | null
  readonly error: string | null
  /** From the start of the process to its end. */
  readonly wallMs: number
  readonly peakBytes: number
}

// Compiled, this file lies in dist/bench/real-models; the script stays in the source folder.
const SCRIPT = fileURLToPath(
  new URL('../../../bench/real-models/peer_quantizer.py', import.meta.url),
)

export async function runPeer(python: string, request: PeerRequest): Promise<PeerResult> {
  const start = performance.now()
  const child = spawn(python, [SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stdin.end(JSON.stringify(request))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const wallMs = performance.now() - start
  const last = output.trim().split('\n').at(-1) ?? ''
  if (code !== 0 || last === '') {
    return { bytes: null, error: `the process ended with ${code}`, wallMs, peakBytes: 0 }
  }
  const answer = JSON.parse(last) as { peak_bytes: number; error: string | null }
  const bytes = answer.error === null ? new Uint8Array(readFileSync(request.output)) : null
  return { bytes, error: answer.error, wallMs, peakBytes: answer.peak_bytes }
}
