// Records kept beside jobs. All times are RFC 3339 UTC; every record belongs to a tenant.

import type { ImagePreprocess } from '#src/recipes/image-preprocess'
import type { JobRecord } from './job.ts'
import type { GraphSummary, ModelSupport } from './model-summary.ts'
import type { DeliveryRecord, WebhookRecord } from './webhook.ts'
import type { WorkerCapabilities } from './worker.ts'

/** Key under which a blob's bytes are stored: the lower-case hex SHA-256 of the bytes. */
export type BlobKey = string

export interface ModelRecord {
  readonly id: string
  readonly tenant: string
  readonly name: string
  /** `zip`: one ONNX file with its external data. */
  readonly container: 'onnx' | 'zip'
  readonly size_bytes: number
  readonly sha256: BlobKey
  readonly created_at: string
  readonly metadata: Readonly<Record<string, string>>
  readonly graph: GraphSummary
  readonly support: ModelSupport
}

export interface DatasetField {
  readonly name: string
  readonly dtype: string
  /** First axis = samples. */
  readonly shape: readonly number[]
}

export interface DatasetRecord {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly format: 'npz' | 'safetensors' | 'images'
  readonly samples: number
  readonly fields: readonly DatasetField[]
  /** Class names of an image folder in label order, or the number of distinct integer labels; `null` without labels. */
  readonly classes: readonly string[] | number | null
  readonly preprocess: ImagePreprocess | null
  readonly size_bytes: number
  readonly sha256: BlobKey
  readonly created_at: string
  readonly metadata: Readonly<Record<string, string>>
}

export const UPLOAD_PURPOSES = ['model', 'dataset'] as const
export type UploadPurpose = (typeof UPLOAD_PURPOSES)[number]

export const UPLOAD_STATUSES = ['pending', 'completed', 'canceled', 'expired'] as const
export type UploadStatus = (typeof UPLOAD_STATUSES)[number]

/** A file on its way in by parts. */
export interface UploadRecord {
  readonly id: string
  readonly tenant: string
  readonly filename: string
  readonly purpose: UploadPurpose
  readonly size_bytes: number
  /** What the client promised; the whole is hashed by us and must match. */
  readonly sha256: string
  /** Every part but the last has this many bytes. */
  readonly part_size_bytes: number
  readonly status: UploadStatus
  /** The whole, from completion until a model or dataset holds it. */
  readonly blob: BlobKey | null
  /** The model or dataset that was made of it. */
  readonly used_by: string | null
  /** Whether parts may still be stored, to be dropped once the upload is not pending. */
  readonly parts: 'kept' | 'dropped'
  readonly created_at: string
  readonly expires_at: string
}

/** A part that came through the API. */
export interface UploadPartRecord {
  /** `${upload}.${part_number, zero-padded to 5}`: ids sort by number. */
  readonly id: string
  readonly tenant: string
  readonly upload: string
  readonly part_number: number
  readonly size_bytes: number
  readonly sha256: BlobKey
}

export const ARTIFACT_KINDS = ['model', 'model_ort', 'report', 'log'] as const
export type ArtifactKind = (typeof ARTIFACT_KINDS)[number]

export interface ArtifactRecord {
  readonly id: string
  readonly tenant: string
  readonly job: string
  readonly kind: ArtifactKind
  readonly filename: string
  readonly media_type: string
  readonly size_bytes: number
  readonly sha256: BlobKey
  readonly created_at: string
}

/** Where a training of an unfinished job stands. Written and replaced together with the job's record, by the attempt that runs. */
export interface CheckpointRecord {
  readonly id: string
  readonly tenant: string
  readonly job: string
  /** The attempt that wrote it. */
  readonly attempt: number
  /** 0, 1, … in the order of the job. */
  readonly training: number
  /** Steps done. */
  readonly step: number
  readonly size_bytes: number
  /** Of bytes that no other record names: they hold the id of this one writing. */
  readonly sha256: BlobKey
  readonly created_at: string
}

export const JOB_EVENT_TYPES = [
  'job.queued',
  'job.started',
  'job.progress',
  'job.retrying',
  'job.canceling',
  'job.succeeded',
  'job.failed',
  'job.canceled',
] as const
export type JobEventType = (typeof JOB_EVENT_TYPES)[number]

export interface EventRecord {
  readonly id: string
  readonly tenant: string
  readonly job: string
  readonly type: JobEventType
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
  readonly created_at: string
}

/** Numbered lines of a job's log, appended in batches. `first` counts from 1. */
export interface LogRecord {
  /** `${job}.${first, zero-padded to 10}`: ids sort by line number. */
  readonly id: string
  readonly tenant: string
  readonly job: string
  readonly first: number
  readonly lines: readonly string[]
}

export interface ApiKeyRecord {
  readonly id: string
  readonly tenant: string
  readonly name: string
  /** sha256 of the whole key, hex; the key itself is shown once and not stored. */
  readonly hash: string
  readonly last4: string
  readonly scopes: readonly string[]
  readonly created_at: string
  readonly revoked_at: string | null
}

/** First executed answer to a request with an Idempotency-Key; id = sha256(tenant, method, route, key). */
export interface IdempotencyRecord {
  readonly id: string
  readonly tenant: string
  readonly fingerprint: string
  /** The process that runs it: when that is dead, the key is free again. */
  readonly owner: string
  readonly state: 'running' | 'done'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly created_at: string
  /** Epoch milliseconds. */
  readonly expires: number
}

export interface TenantRecord {
  readonly id: string
  readonly tenant: string
  /** Signs webhooks that bring no secret; two during rotation, newest first. */
  readonly webhook_secrets: readonly string[]
}

/** A process of the service, as it last said itself: one whose record no longer changes is dead. */
export interface ProcessRecord {
  readonly id: string
  readonly tenant: 'none'
  readonly host: string
  readonly version: string
  readonly started_at: string
  readonly seen_at: string
  /** Raised with every beat. */
  readonly beat: number
  readonly worker: WorkerStatus | 'none'
}

export interface WorkerStatus {
  readonly capabilities: WorkerCapabilities
  /** Jobs it runs at the same time. */
  readonly places: number
  readonly busy: number
  /** It claims nothing more and will stop. */
  readonly draining: boolean
}

/** Collections of the record store, the record each holds, and the fields that lists can filter by. */
export interface Collections {
  model: ModelRecord
  dataset: DatasetRecord
  upload: UploadRecord
  upload_part: UploadPartRecord
  job: JobRecord
  artifact: ArtifactRecord
  checkpoint: CheckpointRecord
  event: EventRecord
  log: LogRecord
  api_key: ApiKeyRecord
  idempotency: IdempotencyRecord
  webhook: WebhookRecord
  delivery: DeliveryRecord
  tenant: TenantRecord
  process: ProcessRecord
}

export type CollectionName = keyof Collections

export const INDEXES = {
  model: ['tenant', 'sha256'],
  dataset: ['tenant', 'sha256'],
  upload: ['tenant', 'status', 'blob', 'parts'],
  upload_part: ['upload', 'sha256'],
  job: ['tenant', 'status', 'model', 'fingerprint'],
  artifact: ['tenant', 'job', 'sha256'],
  checkpoint: ['sha256'],
  event: ['job'],
  log: ['job'],
  api_key: ['tenant', 'hash'],
  idempotency: ['state'],
  webhook: ['tenant', 'status'],
  delivery: ['tenant', 'job', 'webhook', 'status'],
  tenant: [],
  process: [],
} as const satisfies { [C in CollectionName]: readonly (keyof Collections[C] & string)[] }
