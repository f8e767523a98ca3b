// Every model of a folder, as it is and as jobs change it, on an accelerator and on the CPU: do the outputs agree, which nodes
// ran where, how long does it take. Each in a process of its own, for drivers crash.
// Usage: npm run build && node dist/bench/accelerators.js <webgpu|cuda> <folder of .onnx> [name or variant…]

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Outcome } from './accelerators/comparison.ts'
import type { Variant } from './accelerators/variants.ts'
import { VARIANTS } from './accelerators/variants.ts'

const [provider, folder, ...filters] = process.argv.slice(2)
if (provider === undefined || folder === undefined) {
  throw new Error('usage: accelerators <webgpu|cuda> <folder of .onnx> [name or variant…]')
}
const CHILD = fileURLToPath(new URL('accelerators/compare-child.js', import.meta.url))
const isVariant = (word: string): boolean => VARIANTS.some((variant) => variant === word)
const names = filters.filter((word) => !isVariant(word))
const chosen = VARIANTS.filter((variant) => filters.includes(variant))
const variants = chosen.length > 0 ? chosen : VARIANTS
const LIMIT_MS = 300_000
const scratch = mkdtempSync(join(tmpdir(), 'tersor-accelerators-'))

async function ask(file: string, variant: Variant): Promise<Outcome> {
  const child = spawn(process.execPath, [CHILD, file, variant, provider!, scratch], {
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(`exit ${code ?? signal}`))
  })
  const line = await text(child.stdout)
  const how = await ended
  return line === '' ? { outcome: 'crash', note: how } : (JSON.parse(line) as Outcome)
}

function describe(result: Outcome): string {
  if ('note' in result) return `${result.outcome}: ${result.note.slice(0, 160)}`
  const { outcome, signalToNoise, nodes, left, leftNodes, cpuMs, firstMs, ms } = result
  const noise = signalToNoise === null ? 'equal' : `${signalToNoise.toFixed(1)} dB`
  const rest = leftNodes === 0 ? '' : ` (${leftNodes} on the CPU: ${left.join(' ')})`
  return `${outcome}, ${noise}; ${nodes} nodes${rest}; ${ms.toFixed(2)} ms (first ${firstMs.toFixed(0)}), CPU ${cpuMs.toFixed(2)} ms`
}

const tally = new Map<string, number>()
for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  for (const variant of variants) {
    const result = await ask(join(folder, file), variant)
    tally.set(result.outcome, (tally.get(result.outcome) ?? 0) + 1)
    console.log(`${basename(file, '.onnx')} ${variant}: ${describe(result)}`)
  }
}
console.log([...tally].map(([outcome, count]) => `${outcome} ${count}`).join(', '))
rmSync(scratch, { recursive: true, force: true })
