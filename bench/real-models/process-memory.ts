// Peak resident memory of a process's children, read from Linux's /proc while they live.

import { readFileSync, readdirSync } from 'node:fs'

const INTERVAL_MS = 10

export interface MemoryWatch {
  /** Stops, and tells the largest peak of any one descendant, in bytes. */
  stop(): number
}

export function watchDescendants(pid: number): MemoryWatch {
  let largest = 0
  const timer = setInterval(() => {
    for (const child of descendants(pid)) largest = Math.max(largest, peakResident(child))
  }, INTERVAL_MS)
  return {
    stop: () => {
      clearInterval(timer)
      return largest
    },
  }
}

/** VmHWM in bytes; 0 for a process that is gone. */
function peakResident(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB/mu.exec(readOrEmpty(`/proc/${pid}/status`))
  return found === null ? 0 : Number(found[1]) * 1024
}

function descendants(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) => {
    const children = readOrEmpty(`/proc/${pid}/task/${thread}/children`)
    const pids = children.trim().split(' ').filter(Boolean).map(Number)
    return pids.flatMap((child) => [child, ...descendants(child)])
  })
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
