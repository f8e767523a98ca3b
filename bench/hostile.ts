// Reads and checks the files that a CSV lists (columns: file, class, what, expected, …), each in a child process, and prints what we
// answer beside what should be answered. Usage: npm run build && node dist/bench/hostile.js CASES.csv

import { fork } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { inspectModel } from '#src/onnx/inspect-model'
import { OnnxError } from '#src/onnx/onnx-error'
import { readModel } from '#src/onnx/read-model'
import { verifyModel } from '#src/onnx/verify-model'

const TIMEOUT_MS = 20_000

interface Listed {
  readonly file: string
  readonly expected: string
}

/** RFC 4180, without line breaks inside fields. */
function readCsv(path: string): Listed[] {
  const [, ...rows] = readFileSync(path, 'utf8').trim().split(/\r?\n/u)
  return rows.map((row) => {
    const fields = [...row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gu)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
    )
    return { file: fields[0]?.split(' ')[0] ?? '', expected: fields[3] ?? '' }
  })
}

function answer(path: string): string {
  const bytes = readFileSync(path)
  const started = performance.now()
  try {
    const source = bufferRange(path.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    const beside = new Set(readdirSync(dirname(path)))
    const model = readModel(source, {
      externalData: (location) =>
        beside.has(location) ? bufferRange(readFileSync(join(dirname(path), location))) : null,
    })
    verifyModel(model)
    const { graph } = inspectModel(model)
    const took = Math.round(performance.now() - started)
    return `accepted: ${graph.nodes} nodes, ${graph.parameters} parameters, ${graph.macs} MACs, ${took} ms`
  } catch (error) {
    if (error instanceof OnnxError) return `${error.code}: ${error.detail}`
    return `FAILED ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
}

function answerInChild(path: string): Promise<string> {
  const child = fork(fileURLToPath(import.meta.url), ['--child', path], { execArgv: [] })
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      resolve('FAILED timeout')
    }, TIMEOUT_MS)
    child.once('message', (message) => resolve(String(message)))
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      resolve(`FAILED exit ${code ?? signal}`)
    })
  })
}

const [first = '', second = ''] = process.argv.slice(2)
if (first === '--child') {
  process.send?.(answer(second))
} else {
  for (const { file, expected } of readCsv(first)) {
    const path = join(dirname(first), file)
    const said = existsSync(path) ? await answerInChild(path) : 'no such file'
    console.log(`${file}\n  should: ${expected}\n  answer: ${said.slice(0, 400)}`)
  }
}
