// What an operator can set. The only file of the project that reads the environment's shape; the environment itself is an argument.

import { resolve } from 'node:path'
import {
  bytes,
  cidrList,
  integer,
  listOf,
  oneOf,
  optionalPort,
  optionalText,
  optionalUrl,
  text,
} from './config-values.ts'
import { configVariable as variable } from './config-variable.ts'
import type { ConfigVariable } from './config-variable.ts'
import { isLoopback } from './loopback.ts'
import { ACCELERATORS } from './recipes/accelerator.ts'
import { RETENTION_VARIABLES } from './retention-variables.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB

/** Every variable; docs/config.md is printed from this table. */
export const CONFIG_VARIABLES = {
  host: variable(
    'TERSOR_HOST',
    '127.0.0.1',
    text,
    'Address to listen on. On a loopback address the API is open as long as no API key exists; on any other it refuses to start without one.',
  ),
  port: variable(
    'TERSOR_PORT',
    '8080',
    integer(0, 65_535),
    'Port to listen on; 0 takes a free one.',
  ),
  dataDir: variable(
    'TERSOR_DATA_DIR',
    './data',
    text,
    'Folder of what no Redis and no bucket keeps, and of scratch files. Created if absent; without Redis, one process at a time.',
  ),
  redisUrl: variable(
    'TERSOR_REDIS_URL',
    '',
    optionalUrl(['redis:', 'rediss:']),
    'Redis that keeps records and queue, so that any number of API and worker processes share them. Nothing: both are in the data folder, for one process.',
  ),
  redisPrefix: variable(
    'TERSOR_REDIS_PREFIX',
    'tersor',
    text,
    'First part of every key in Redis: services with different prefixes share one Redis.',
  ),
  s3Bucket: variable(
    'TERSOR_S3_BUCKET',
    '',
    optionalText,
    'Bucket that keeps models, data and artifacts; credentials as the AWS tools read them (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, …). Nothing: they are files in the data folder.',
  ),
  s3Endpoint: variable(
    'TERSOR_S3_ENDPOINT',
    '',
    optionalUrl(['http:', 'https:']),
    'Address of an S3-compatible store; nothing: the one of AWS.',
  ),
  s3PublicEndpoint: variable(
    'TERSOR_S3_PUBLIC_ENDPOINT',
    '',
    optionalUrl(['http:', 'https:']),
    'Address of the same store as clients reach it: they then send and fetch bytes there, by signed URLs. Nothing: bytes pass through the API, unless the store is the one of AWS.',
  ),
  s3Region: variable('TERSOR_S3_REGION', 'us-east-1', text, 'Region of the bucket.'),
  s3Prefix: variable(
    'TERSOR_S3_PREFIX',
    'tersor',
    text,
    'First part of the name of every object in the bucket.',
  ),
  workers: variable('TERSOR_WORKERS', '1', integer(1, 256), 'Jobs that run at the same time.'),
  accelerators: variable(
    'TERSOR_ACCELERATORS',
    'auto',
    listOf(ACCELERATORS),
    'What a worker may use beside the CPU: `auto` tries everything at its start and keeps what works; a list such as `webgpu` or `cuda,webgpu` tries only those; `cpu` tries none.',
  ),
  tenantJobs: variable(
    'TERSOR_TENANT_JOBS',
    '64',
    integer(1, 100_000),
    'Jobs of one tenant that run at the same time, over all workers.',
  ),
  sandbox: variable(
    'TERSOR_SANDBOX',
    'best-effort',
    oneOf(['required', 'best-effort']),
    'Whether a job may run where this machine offers no isolation of processes: `required` refuses.',
  ),
  logLevel: variable(
    'TERSOR_LOG_LEVEL',
    'info',
    oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'Least level of what is logged, as lines of JSON.',
  ),
  webhookAllow: variable(
    'TERSOR_WEBHOOK_ALLOW',
    '',
    cidrList,
    'Networks that webhooks may reach although they are not public; plain http is allowed to them.',
  ),
  maxModelBytes: variable(
    'TERSOR_MAX_MODEL_BYTES',
    '8GiB',
    bytes(1, 1024 * GIB),
    'Largest upload of a model.',
  ),
  maxDatasetBytes: variable(
    'TERSOR_MAX_DATASET_BYTES',
    '8GiB',
    bytes(1, 1024 * GIB),
    'Largest upload of a dataset.',
  ),
  uploadSeconds: variable(
    'TERSOR_UPLOAD_SECONDS',
    '86400',
    integer(1, 30 * 86_400),
    'How long an upload by parts may take, and how long it then waits to be used.',
  ),
  maxPendingUploads: variable(
    'TERSOR_MAX_PENDING_UPLOADS',
    '1000',
    integer(1, 1_000_000),
    'Uploads by parts of one tenant that are pending at the same time.',
  ),
  maxPendingUploadBytes: variable(
    'TERSOR_MAX_PENDING_UPLOAD_BYTES',
    '256GiB',
    bytes(1, 1024 * 1024 * GIB),
    'Bytes that these uploads may be declared to have together.',
  ),
  maxBodyBytes: variable(
    'TERSOR_MAX_BODY_BYTES',
    '1MiB',
    bytes(1024, 64 * MIB),
    'Largest JSON body of a request.',
  ),
  maxJobMemoryBytes: variable(
    'TERSOR_MAX_JOB_MEMORY_BYTES',
    '8GiB',
    bytes(256 * MIB, 1024 * GIB),
    'Memory that one job may take before it fails with `out_of_memory`.',
  ),
  maxJobSeconds: variable(
    'TERSOR_MAX_JOB_SECONDS',
    '86400',
    integer(1, 30 * 86_400),
    'Longest `timeout_seconds` that a job may ask for.',
  ),
  checkpointSeconds: variable(
    'TERSOR_CHECKPOINT_SECONDS',
    '60',
    integer(0, 86_400),
    'Time between two checkpoints of a training: what a worker that dies may cost. 0 keeps none.',
  ),
  requestsPerMinute: variable(
    'TERSOR_REQUESTS_PER_MINUTE',
    '6000',
    integer(1, 10_000_000),
    'Requests of one API key within a minute before the answer is 429.',
  ),
  shutdownSeconds: variable(
    'TERSOR_SHUTDOWN_SECONDS',
    '10',
    integer(0, 3600),
    'How long running jobs and open requests may go on after SIGTERM; jobs are then handed back to the queue, requests cut off.',
  ),
  metricsPort: variable(
    'TERSOR_METRICS_PORT',
    'none',
    optionalPort,
    'Port of a worker for `/metrics` and `/healthz`, without a key, on TERSOR_HOST; 0 takes a free one. The API has both on its own port.',
  ),
  ...RETENTION_VARIABLES,
} as const satisfies Record<string, ConfigVariable<unknown>>

type Settings = {
  readonly [K in keyof typeof CONFIG_VARIABLES]: ReturnType<(typeof CONFIG_VARIABLES)[K]['parse']>
}

export interface Config extends Settings {
  /** Whether only this machine can reach the service: no API key is needed then until one is created. */
  readonly loopback: boolean
  /** `alone`: records and queue are this process' own. `shared`: other processes work on them. */
  readonly sharing: 'alone' | 'shared'
}

/** Variables of the same family that clients read; the service leaves them alone. */
const CLIENT_VARIABLES: readonly string[] = ['TERSOR_URL', 'TERSOR_API_KEY']

export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((line) => `  ${line}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** Reads all variables at once. Throws ConfigError naming every one that is wrong and what would be right. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = []
  const entries = Object.entries(CONFIG_VARIABLES).map(([name, entry]) => {
    const given = env[entry.variable]?.trim()
    try {
      return [name, entry.parse(given === undefined || given === '' ? entry.fallback : given)]
    } catch {
      problems.push(`${entry.variable} must be ${entry.allowed}, not ${JSON.stringify(given)}`)
      return [name, null]
    }
  })
  problems.push(...unknownVariables(env))
  if (problems.length > 0) throw new ConfigError(problems)
  const settings = Object.fromEntries(entries) as Settings
  return Object.freeze({
    ...settings,
    dataDir: resolve(settings.dataDir),
    loopback: isLoopback(settings.host),
    sharing: settings.redisUrl === '' ? 'alone' : 'shared',
  })
}

function unknownVariables(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known: readonly string[] = [
    ...Object.values(CONFIG_VARIABLES).map((entry) => entry.variable),
    ...CLIENT_VARIABLES,
  ]
  return Object.keys(env)
    .filter((name) => name.startsWith('TERSOR_') && !known.includes(name))
    .map((name) => `${name} is not known; docs/config.md lists what is`)
}
