// The fault matrix on real stores: each row strikes running processes, then checks what was promised from outside.
// Usage: npm run build && node dist/bench/faults.js [rows, such as 1,9,10; or all] [times as often = 1] [seed = 1]

import { startSwiftServer } from '#test/support/servers/swift-server'
import { createTestBucket } from '#test/support/test-s3'
import type { FaultResult } from './faults/fault.ts'
import { FAULTS } from './faults/index.ts'
import { seededRandom } from './faults/random.ts'

const [rows = 'all', factor = '1', seed = '1'] = process.argv.slice(2)
const chosen = FAULTS.filter(({ row }) => rows === 'all' || rows.split(',').includes(String(row)))

const swift = await startSwiftServer()
const bucket = 'faults'
await createTestBucket({ ...swift, region: 'us-east-1', bucket })
let violated = 0
try {
  for (const fault of chosen) {
    const started = performance.now()
    const times = Math.max(1, Math.round(fault.times * Number(factor)))
    const result = await fault
      .run({
        s3: { ...swift, bucket },
        random: seededRandom(Number(seed) * 1000 + fault.row),
        times,
        note: (line) => console.log(`    ${line}`),
      })
      .catch((error: unknown): FaultResult => ({
        struck: 0,
        atStake: 0,
        violations: [String(error)],
        measured: '',
      }))
    violated += result.violations.length
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    console.log(
      `row ${fault.row} | ${fault.name} | struck ${result.struck} of ${times} | at stake ${result.atStake} | violations ${result.violations.length} | ${result.measured} | seed ${seed} | ${seconds} s`,
    )
    for (const violation of result.violations) console.log(`    ${violation}`)
  }
} finally {
  await swift.close()
}
process.exitCode = violated > 0 ? 1 : 0
