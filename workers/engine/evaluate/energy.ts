// Energy of one inference from the processor's own counters (Linux powercap, RAPL): the package's joules over a block of runs.
// Counters see the whole package, so other work on the machine is in the figure.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TimedSubject } from './time-interleaved.ts'

const POWERCAP = '/sys/class/powercap'
const PACKAGE = /^intel-rapl:\d+$/
const BLOCK_MS = 300

export interface EnergyCounter {
  /** Microjoules since some time in the past. */
  read(): number
}

/** The counter of this machine, or why there is none. */
export function openEnergyCounter(folder = POWERCAP): EnergyCounter | string {
  try {
    const files = readdirSync(folder)
      .filter((name) => PACKAGE.test(name))
      .map((name) => join(folder, name, 'energy_uj'))
    const read = (): number =>
      files.reduce((sum, file) => sum + Number(readFileSync(file, 'utf8')), 0)
    if (files.length === 0) return 'this machine has no energy counter'
    read()
    return { read }
  } catch {
    return 'this machine lets nobody read its energy counter'
  }
}

/** Millijoules of one run, or why there are none. */
export async function energyPerRun(
  subject: TimedSubject,
  counter: EnergyCounter | string,
): Promise<number | string> {
  if (typeof counter === 'string') return counter
  const before = counter.read()
  const began = performance.now()
  let runs = 0
  while (performance.now() - began < BLOCK_MS) {
    await subject.run()
    runs += 1
  }
  const microjoules = counter.read() - before
  return microjoules < 0 ? 'the energy counter wrapped around' : microjoules / 1000 / runs
}
