import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lockFolder } from '#src/adapters/sqlite/folder-lock'
import { readConfig } from '#src/config'
import { openContainer } from '#src/container'
import type { ArtifactRecord } from '#src/domain/records'
import { oneChunk } from '#test/support/byte-streams'
import { openTestContainer } from '#test/support/test-container'
import { withTemporaryFolder } from '#test/support/temporary-folder'

describe('openContainer', () => {
  it('refuses a folder that is open already, naming it, and takes it once closed', async () => {
    const first = await openTestContainer()
    const { dataDir } = first.config
    await expect(openContainer(first.config)).rejects.toThrow(dataDir)
    await first.close()
    const second = await openContainer(first.config)
    await second.close()
    await first.remove()
  })

  it('clears what a dead process left in the scratch folder', async () => {
    await withTemporaryFolder(async (folder) => {
      const left = join(folder, 'scratch', 'request-1')
      await mkdir(left, { recursive: true })
      await writeFile(join(left, 'model.onnx'), 'half')
      const config = readConfig({ TERSOR_DATA_DIR: folder, TERSOR_LOG_LEVEL: 'silent' })
      const container = await openContainer(config)
      await expect(access(left)).rejects.toThrow('ENOENT')
      await container.close()
    })
  })
})

describe('a container that opens after a crash', () => {
  it('keeps the blobs that a record names and drops the others', async () => {
    const first = await openTestContainer()
    const { blobs, records } = first.context
    const [named, orphan] = await Promise.all(
      ['named', 'orphan'].map((text) => blobs.put(oneChunk(text), { maxBytes: 10 })),
    )
    await records.commit([{ op: 'insert', collection: 'artifact', record: artifact(named!.key) }])
    await first.close()
    const second = await openContainer(first.config)
    expect(await second.context.blobs.stat(named!.key)).not.toBeNull()
    expect(await second.context.blobs.stat(orphan!.key)).toBeNull()
    await second.close()
    await first.remove()
  })
})

function artifact(sha256: string): ArtifactRecord {
  return {
    id: 'artifact_1',
    tenant: 'one',
    job: 'job_1',
    kind: 'log',
    filename: 'log.txt',
    media_type: 'text/plain',
    size_bytes: 5,
    sha256,
    created_at: '2026-01-01T00:00:00.000Z',
  }
}

const HOLD_LOCK = `
import Database from 'libsql'
const database = new Database(process.argv[1])
database.exec('BEGIN EXCLUSIVE')
console.log('locked')
setInterval(() => {}, 1000)
`

describe('lockFolder', () => {
  it('sees the lock of another process, and its end by SIGKILL', async () => {
    await withTemporaryFolder(async (folder) => {
      const holder = spawn(process.execPath, [
        '--input-type=module',
        '-e',
        HOLD_LOCK,
        join(folder, 'lock.db'),
      ])
      const exited = once(holder, 'exit')
      await once(holder.stdout, 'data')
      expect(() => lockFolder(folder)).toThrow(`The data folder ${folder} is in use`)
      holder.kill('SIGKILL')
      await exited
      lockFolder(folder).release()
    })
  })
})
