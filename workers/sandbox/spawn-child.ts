// Starts a child process that can run one request: clean environment, empty folder, limits on memory and files.

import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ChildFailure, failureOfExit } from './child-failure.ts'
import { CHILD_FLAGS } from './child-flags.ts'
import type { Isolation } from './isolation.ts'
import { lowerPriority } from './lower-priority.ts'
import type {
  CheckpointAsk,
  ChildMessage,
  ChildRequest,
  ChildResult,
  ChildTask,
} from './protocol.ts'
import { watchMemory } from './watch-memory.ts'

export interface ChildSettings {
  /** The bundled entry, `bundle/child.cjs`: see scripts/bundle-child.ts. */
  readonly entry: string
  /** Folder under which each child gets one of its own. */
  readonly scratch: string
  readonly isolation: Isolation
  /** Private writable memory of one child. */
  readonly maxMemoryBytes: number
  /**
   * `limited`: by the kernel, at every allocation. `watched`: by the worker, which looks now and then: drivers of graphics
   * cards reserve more address space than they use.
   */
  readonly memory: 'limited' | 'watched'
  /** What drivers of accelerators are told by the environment. */
  readonly environment: Readonly<Record<string, string>>
}

export interface RunOptions {
  /** Aborting kills the child; its `reason` is thrown. */
  readonly signal: AbortSignal
  readonly onMessage?: (message: ChildMessage) => void
  /** Aborts when a checkpoint is wanted at once: the child may not live much longer. */
  readonly checkpointNow?: AbortSignal
}

export interface Child {
  /** Its working folder; gone after `dispose`. */
  readonly folder: string
  /** Runs the one request of this child. Throws ChildFailure. */
  run(request: ChildRequest, options: RunOptions): Promise<ChildResult>
  /** Kills it, if it lives, and removes its folder. */
  dispose(): Promise<void>
}

const KIB = 1024
const OPEN_FILES = 256
// Limits that the shell does not know are no reason to fail.
const LIMITS =
  'ulimit -c 0; ulimit -n "$1" 2>/dev/null; ulimit -d "$2" 2>/dev/null; shift 2; exec "$@"'
const STDERR_KEPT = 16 * KIB

export async function spawnChild(settings: ChildSettings, task: ChildTask): Promise<Child> {
  const folder = await mkdtemp(join(settings.scratch, 'child-'))
  const { maxMemoryBytes } = settings
  const memory = settings.memory === 'limited' ? Math.floor(maxMemoryBytes / KIB) : 'unlimited'
  const shell = ['sh', '-c', LIMITS, 'sh', String(OPEN_FILES), String(memory)]
  const node = [process.execPath, ...CHILD_FLAGS, settings.entry, task]
  const [command, ...parameters] = [...settings.isolation.prefix, ...shell, ...node]
  const child = spawn(command!, parameters, {
    cwd: folder,
    env: { ...settings.environment, ...childEnvironment(folder) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    detached: true,
  })
  if (child.pid !== undefined) lowerPriority(child.pid)
  const errors = keepEnd(child)
  const ended = exitOf(child)
  if (settings.memory === 'watched' && child.pid !== undefined) {
    const stop = watchMemory(child.pid, maxMemoryBytes, () => killGroup(child))
    void ended.then(stop)
  }
  return {
    folder,
    run: (request, options) => runRequest(child, ended, errors, request, options),
    dispose: async () => {
      killGroup(child)
      await Promise.race([ended, delay(5000, undefined, { ref: false })])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** No secrets: nothing of the service's own environment but where programs are. */
function childEnvironment(folder: string): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: folder,
    TMPDIR: folder,
    LANG: 'C.UTF-8',
    ORT_DISABLE_TELEMETRY: '1',
    NODE_ENV: 'production',
  }
}

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: -1, signal: null }))
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

function keepEnd(child: ChildProcess): { text: string } {
  const kept = { text: '' }
  child.stderr?.on('data', (chunk: Buffer) => {
    kept.text = (kept.text + chunk.toString('latin1')).slice(-STDERR_KEPT)
  })
  return kept
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
}

async function runRequest(
  child: ChildProcess,
  ended: Promise<Exit>,
  errors: { readonly text: string },
  request: ChildRequest,
  { signal, onMessage, checkpointNow }: RunOptions,
): Promise<ChildResult> {
  signal.throwIfAborted()
  let stage = 'starting'
  const kill = (): void => killGroup(child)
  signal.addEventListener('abort', kill, { once: true })
  const ask: CheckpointAsk = { task: 'checkpoint' }
  const askCheckpoint = (): void => void child.send(ask, () => undefined)
  checkpointNow?.addEventListener('abort', askCheckpoint, { once: true })
  try {
    const answer = new Promise<ChildResult>((resolve, reject) => {
      child.on('message', (raw) => {
        const message = raw as ChildMessage
        if (message.kind === 'progress') stage = message.stage
        onMessage?.(message)
        if (message.kind === 'done') resolve(message.result)
        if (message.kind === 'failed')
          reject(new ChildFailure(message.code, message.stage, message.detail))
      })
    })
    child.send(request, () => undefined)
    const exit = ended.then(({ code, signal: by }) => {
      signal.throwIfAborted()
      throw failureOfExit(code, by, stage, errors.text)
    })
    return await Promise.race([answer, exit])
  } finally {
    signal.removeEventListener('abort', kill)
    checkpointNow?.removeEventListener('abort', askCheckpoint)
  }
}
