// A worker's image that is told of no Redis says so and ends: its program loads, under its own user.

import { imageOf } from './build-images.ts'
import type { PodmanService } from './podman-service.ts'

export interface WithoutRedis {
  readonly says: string
  readonly user: string
}

export async function runWithoutRedis(
  { podman }: PodmanService,
  target: string,
): Promise<WithoutRedis> {
  const once = ['run', '--rm', '--pull', 'never', '--no-healthcheck', imageOf(target)]
  const says = await podman(once).then(
    (output) => output,
    (error: unknown) => String(error),
  )
  return { says, user: (await podman([...once, 'id', '-un'])).trim() }
}
