// Results become blobs first; their records are written with the job's last commit, so none is seen before all are.

import { newId } from '#src/domain/id'
import type { JobRecord } from '#src/domain/job'
import type { ArtifactKind, ArtifactRecord } from '#src/domain/records'
import type { Report } from '#src/domain/report'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import { patiently } from '#workers/patience'
import type { CompressResult } from '#workers/sandbox/protocol'
import type { WorkerContext } from '#workers/worker-context'

export interface StoredArtifacts {
  readonly artifacts: readonly ArtifactRecord[]
  readonly writes: readonly Write[]
  /** Called after the commit, done or not: until then nobody may drop the blobs. */
  release(): void
}

interface Content {
  readonly kind: ArtifactKind
  readonly filename: string
  readonly mediaType: string
  /** Reports and logs tell times of their job; two jobs may well give one model. */
  readonly areUnique: boolean
  readonly source: () => AsyncIterable<Uint8Array>
}

export async function storeArtifacts(
  context: WorkerContext,
  job: JobRecord,
  files: CompressResult['files'],
  report: Report | null,
  log: string,
): Promise<StoredArtifacts> {
  const contents: Content[] = files.map(({ kind, path, filename }) => ({
    kind,
    filename,
    mediaType: 'application/octet-stream',
    areUnique: false,
    source: () => context.files.read(path),
  }))
  if (report !== null)
    contents.push(text('report', 'report.json', 'application/json', JSON.stringify(report)))
  contents.push(text('log', 'log.txt', 'text/plain; charset=utf-8', log))
  const pinned: string[] = []
  const release = (): void => {
    for (const key of pinned.splice(0)) context.service.pins.unpin(key)
  }
  try {
    const named = contents.map((content) => ({
      content,
      id: newId('artifact', context.service.clock.now()),
    }))
    const stored = await Promise.allSettled(
      named.map(({ content, id }) => store(context, job, content, id, pinned)),
    )
    // All have ended before any blob is let go of.
    const artifacts = stored.map((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value
    })
    const writes = artifacts.map((record): Write => ({
      op: 'insert',
      collection: 'artifact',
      record,
    }))
    return { artifacts, writes, release }
  } catch (error) {
    release()
    throw error
  }
}

function text(kind: ArtifactKind, filename: string, mediaType: string, body: string): Content {
  return {
    kind,
    filename,
    mediaType,
    areUnique: true,
    source: async function* bytes() {
      yield Buffer.from(body)
    },
  }
}

async function store(
  { service, patience }: WorkerContext,
  job: JobRecord,
  content: Content,
  id: string,
  pinned: string[],
): Promise<ArtifactRecord> {
  for (;;) {
    const blob = await patiently(patience, () =>
      service.blobs.put(content.source(), {
        maxBytes: Number.MAX_SAFE_INTEGER,
        areUnique: content.areUnique,
      }),
    )
    service.pins.pin(blob.key)
    pinned.push(blob.key)
    const isGone = service.pins.dropsAtOnce && (await service.blobs.stat(blob.key)) === null
    if (isGone) continue
    return {
      id,
      tenant: job.tenant,
      job: job.id,
      kind: content.kind,
      filename: content.filename,
      media_type: content.mediaType,
      size_bytes: blob.size,
      sha256: blob.key,
      created_at: timestamp(service.clock),
    }
  }
}
