// The images of the Dockerfile, built by Buildah from a clean checkout of the last commit.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './run-command.ts'
import { NODE_IMAGE } from './stand-ins.ts'

export interface BuiltImage {
  readonly target: string
  readonly image: string
  /** Beyond its base image. */
  readonly addedBytes: number
  /** Of /app/node_modules, as du counts. */
  readonly moduleBytes: number
  readonly hasRuntime: boolean
  readonly seconds: number
}

/** worker-gpu starts from an image of NVIDIA's and fetches from NuGet: without both, its other steps are run. */
const STAND_INS = [`CUDA_IMAGE=${NODE_IMAGE}`, 'ONNXRUNTIME_NODE_INSTALL=skip'].flatMap((value) => [
  '--build-arg',
  value,
])

/** `docker-compose` looks for the same name without a registry. */
export const imageOf = (target: string): string => `docker.io/library/tersor-${target}:latest`

export async function buildImages(
  repository: string,
  targets: readonly string[],
): Promise<readonly BuiltImage[]> {
  const context = await mkdtemp(join(tmpdir(), 'tersor-images-'))
  try {
    const checkout = 'git archive HEAD | tar -x -C "$1"'
    await run('sh', ['-c', checkout, 'sh', context], { cwd: repository })
    const built: BuiltImage[] = []
    for (const target of targets) built.push(await buildImage(context, target))
    return built
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}

async function buildImage(context: string, target: string): Promise<BuiltImage> {
  const image = imageOf(target)
  const began = performance.now()
  const how = '--format docker --isolation chroot --pull-never --network host --layers'.split(' ')
  const names = ['--target', target, '--tag', image]
  await run('buildah', ['bud', ...how, ...STAND_INS, ...names, context])
  const seconds = (performance.now() - began) / 1000
  const addedBytes = (await sizeOf(image)) - (await sizeOf(NODE_IMAGE))
  const container = (await run('buildah', ['from', '--pull-never', image])).trim()
  try {
    const modules = join((await run('buildah', ['mount', container])).trim(), 'app/node_modules')
    const usage = await run('du', ['--summarize', '--bytes', modules])
    const names = await run('ls', [modules])
    return {
      target,
      image,
      addedBytes,
      moduleBytes: Number.parseInt(usage, 10),
      hasRuntime: names.split('\n').includes('onnxruntime-node'),
      seconds,
    }
  } finally {
    await run('buildah', ['rm', container])
  }
}

async function sizeOf(image: string): Promise<number> {
  const listed = await run('buildah', ['images', '--json', image])
  const [entry] = JSON.parse(listed) as { readonly size: string }[]
  const [, number = '', unit = ''] = /^([\d.]+) (\w+)$/.exec(entry?.size ?? '') ?? []
  const factor = { B: 1, KB: 1e3, kB: 1e3, MB: 1e6, GB: 1e9 }[unit]
  if (factor === undefined) throw new Error(`a size that is not understood: ${entry?.size}`)
  return Number(number) * factor
}
