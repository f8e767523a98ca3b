// Runs one form of one model on the CPU and on an accelerator and prints one line of JSON: `<file> <variant> <provider> <scratch>`.

import { readFileSync } from 'node:fs'
import { outputsAgree } from '#engine/evaluate/outputs-agree'
import { openRuntime } from '#engine/runtime/ort'
import type { Provider, RuntimeSession, RuntimeTensor } from '#engine/runtime/runtime'
import { RuntimeRejection } from '#engine/runtime/runtime'
import { randomFeeds } from '../random-feeds.ts'
import { signalToNoise } from '../signal-to-noise.ts'
import type { Comparison } from './comparison.ts'
import type { Variant } from './variants.ts'
import { variantOf } from './variants.ts'

const [file = '', variant = '', provider = '', scratch = ''] = process.argv.slice(2)
const RUNS = 5
/** Where the model leaves more than the batch open. */
const OPEN_SIZE = 32
/** Voice activity: 512 samples after 64 of the window before. */
const KNOWN_SIZES: Record<string, readonly number[]> = { state: [2, 1, 128], sr: [] }

type Tensors = Readonly<Record<string, RuntimeTensor>>
const runtime = openRuntime()

function feedsOf({ inputs }: RuntimeSession): Tensors {
  const isVoice = inputs.some(({ name }) => name === 'state')
  const sized = inputs.map((input) => {
    const open = isVoice ? 576 : OPEN_SIZE
    const dims = input.shape?.map((dim, axis) => {
      if (typeof dim === 'number' && dim > 0) return dim
      return axis === 0 ? 1 : open
    })
    return { ...input, shape: (isVoice ? KNOWN_SIZES[input.name] : undefined) ?? dims ?? [] }
  })
  const feeds = randomFeeds(sized, 1)
  if (feeds['sr'] === undefined) return feeds
  return { ...feeds, sr: { dtype: 'int64', dims: [], data: BigInt64Array.of(16_000n) } }
}

async function timed(session: RuntimeSession, feeds: Tensors) {
  const start = performance.now()
  const outputs = await session.run(feeds)
  const first = performance.now() - start
  const times: number[] = []
  for (let run = 0; run < RUNS; run += 1) {
    const before = performance.now()
    await session.run(feeds)
    times.push(performance.now() - before)
  }
  return { outputs, first, p50: times.toSorted((a, b) => a - b)[RUNS >> 1] ?? Number.NaN }
}

async function compare(): Promise<Comparison> {
  const bytes = new Uint8Array(readFileSync(file))
  const options = { threads: 1, optimization: 'all' } as const
  const original = await runtime.load(bytes, options)
  const feeds = feedsOf(original)
  const model = await variantOf(bytes, variant as Variant, feeds, runtime)
  const cpu = await timed(await runtime.load(model, options), feeds)
  const there = { ...options, provider: provider as Provider }
  const other = await timed(await runtime.load(model, there), feeds)
  const nodes = await runtime.trace(model, there, feeds, scratch)
  const left = nodes.filter((node) => node.provider !== provider)
  return {
    outcome: outputsAgree(cpu.outputs, other.outputs) ? 'agrees' : 'differs',
    signalToNoise: signalToNoise(cpu.outputs, other.outputs),
    nodes: nodes.length,
    left: [...new Set(left.map(({ opType }) => opType))],
    leftNodes: left.length,
    cpuMs: cpu.p50,
    firstMs: other.first,
    ms: other.p50,
  }
}

compare()
  .catch((error: unknown) => ({
    outcome: 'not run',
    note: error instanceof RuntimeRejection ? `${error.stage}: ${error.detail}` : String(error),
  }))
  .then((result) => {
    process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
  })
  .catch((error: unknown) => {
    throw error
  })
