// Energy per run from the processor's own counters (Linux powercap, RAPL), package domains summed.

import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

interface Domain {
  readonly path: string
  /** The counter wraps here, microjoules. */
  readonly range: number
}

export interface EnergyCounter {
  /** Microjoules used by the whole processor while `work` ran. */
  measure(work: () => Promise<void>): Promise<number>
}

const POWERCAP = '/sys/class/powercap'

/** The counter, or why there is none. */
export async function openEnergyCounter(
  folder: string = POWERCAP,
): Promise<EnergyCounter | { readonly reason: string }> {
  const domains = await findDomains(folder)
  if (domains.length === 0) return { reason: 'this machine shows no energy counters' }
  try {
    for (const { path } of domains) await readCounter(path)
  } catch {
    return { reason: 'the energy counters of this machine are not readable' }
  }
  return {
    measure: async (work) => {
      const before = await Promise.all(domains.map(({ path }) => readCounter(path)))
      await work()
      const after = await Promise.all(domains.map(({ path }) => readCounter(path)))
      return domains.reduce((sum, { range }, index) => {
        const used = (after[index] ?? 0) - (before[index] ?? 0)
        return sum + (used < 0 ? used + range : used)
      }, 0)
    },
  }
}

/** `intel-rapl:0` is a package; `intel-rapl:0:1` a part of one, counted with it. */
async function findDomains(folder: string): Promise<Domain[]> {
  const names = await readdir(folder).catch(() => [])
  const domains: Domain[] = []
  for (const name of names.filter((item) => /^[a-z-]+:\d+$/u.test(item))) {
    const range = await readCounter(join(folder, name, 'max_energy_range_uj')).catch(() => null)
    if (range !== null) domains.push({ path: join(folder, name, 'energy_uj'), range })
  }
  return domains
}

async function readCounter(path: string): Promise<number> {
  return Number((await readFile(path, 'utf8')).trim())
}

/** Counters tick about once a millisecond: the block must be long against that. */
const MIN_BLOCK_MILLISECONDS = 200

/** Millijoules per run, the rest of the machine included. */
export async function energyPerRun(
  counter: EnergyCounter,
  run: () => Promise<unknown>,
): Promise<number> {
  let runs = 0
  const microjoules = await counter.measure(async () => {
    const start = performance.now()
    while (performance.now() - start < MIN_BLOCK_MILLISECONDS) {
      await run()
      runs += 1
    }
  })
  return microjoules / 1000 / runs
}
