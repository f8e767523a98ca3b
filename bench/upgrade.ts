// Upgrades every .onnx file below the given folders (or given as files), and compares what the runtime computes from random
// input, or from the input stored beside the model, before and after.
// Usage: npm run build && node dist/bench/upgrade.js [--target=21] [--all] FOLDER|FILE …

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { UpgradeReply } from './upgrade-process.ts'
import { UpgradeProcess } from './upgrade-process.ts'

/** Of the largest output. Kernels of newer opsets may sum in another order. */
const TOLERANCE = 1e-5

function* modelFiles(path: string): IterableIterator<string> {
  if (!statSync(path).isDirectory()) {
    yield path
    return
  }
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name)
    if (entry.isDirectory()) yield* modelFiles(child)
    else if (entry.name.endsWith('.onnx')) yield child
  }
}

function verdict(reply: UpgradeReply): string {
  if (reply.outcome !== 'compared') return reply.outcome
  const kind = reply.changed === 0 ? 'equal, nothing to change' : 'equal, nodes changed'
  return reply.difference <= TOLERANCE ? kind : 'different'
}

const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
const target = Number(options.find((option) => option.startsWith('--target='))?.slice(9) ?? 21)
const counts = new Map<string, number>()
const process_ = new UpgradeProcess()
let worst = 0
for (const argument of process.argv.slice(2).filter((path) => !path.startsWith('--'))) {
  for (const file of modelFiles(argument)) {
    const reply = await process_.ask({ file, target })
    const said = verdict(reply)
    counts.set(said, (counts.get(said) ?? 0) + 1)
    if (reply.outcome === 'compared') worst = Math.max(worst, reply.difference)
    if (said.startsWith('equal') && !options.includes('--all')) continue
    const figures = `${reply.from} → ${reply.to}, ${reply.changed} changed, difference ${reply.difference.toExponential(1)} from ${reply.against}`
    console.log(`${said}  ${file}  ${figures}  ${reply.note.slice(0, 300)}`)
  }
}
process_.close()
for (const [said, count] of [...counts].sort()) console.log(`${count} ${said}`)
console.log(`largest difference ${worst.toExponential(1)}, tolerated ${TOLERANCE}`)
