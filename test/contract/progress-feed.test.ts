import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { FeedMessage, ProgressFeed } from '#src/ports/progress-feed'
import { feedDrivers } from './drivers.ts'

function message(job: string, kind: FeedMessage['kind'] = 'changed'): FeedMessage {
  return { job, kind }
}

describe.each(feedDrivers)('ProgressFeed: $name', (driver) => {
  let folder: string
  let feed: ProgressFeed

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-feed-'))
    feed = await driver.open(folder)
  })

  afterEach(async () => {
    await feed.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function listen(job: string): Promise<{ heard: FeedMessage[]; stop: () => void }> {
    const heard: FeedMessage[] = []
    const stop = await feed.subscribe(job, (news) => heard.push(news))
    return { heard, stop }
  }

  it('tells the subscribers of a job, in order, and those of all', async () => {
    const one = await listen('job_1')
    const same = await listen('job_1')
    const other = await listen('job_2')
    const all = await listen('*')
    await feed.publish(message('job_1'))
    await feed.publish(message('job_1', 'cancel'))
    await feed.publish(message('job_2', 'log'))
    await vi.waitFor(() => expect(all.heard).toHaveLength(3), 15_000)
    expect(one.heard).toEqual([message('job_1'), message('job_1', 'cancel')])
    expect(same.heard).toEqual(one.heard)
    expect(other.heard).toEqual([message('job_2', 'log')])
  })

  it('stops telling who stopped, and nobody else', async () => {
    const gone = await listen('job_1')
    const there = await listen('job_1')
    gone.stop()
    gone.stop()
    await feed.publish(message('job_1'))
    await vi.waitFor(() => expect(there.heard).toHaveLength(1), 15_000)
    expect(gone.heard).toEqual([])
  })

  it('goes on when a subscriber fails', async () => {
    await feed.subscribe('job_1', () => {
      throw new Error('this subscriber is broken')
    })
    const there = await listen('job_1')
    await feed.publish(message('job_1'))
    await vi.waitFor(() => expect(there.heard).toHaveLength(1), 15_000)
  })

  it('takes news that nobody waits for', async () => {
    await expect(feed.publish(message('job_9'))).resolves.toBeUndefined()
  })

  it('tells a subscriber nothing of what came before', async () => {
    await feed.publish(message('job_1', 'event'))
    const late = await listen('job_1')
    await feed.publish(message('job_1', 'log'))
    await vi.waitFor(() => expect(late.heard).toEqual([message('job_1', 'log')]), 15_000)
  })
})
