// Images that take the place of those that registries serve, made of Debian's and npm's packages under the same names:
// a bare Debian with Node, the same with Redis, and a door to an S3 server of the host.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './run-command.ts'

export const NODE_IMAGE = 'docker.io/library/node:24-bookworm-slim'
const REDIS_IMAGE = 'docker.io/library/redis:7.2-bookworm'
const S3_IMAGE = 'docker.io/chrislusf/seaweedfs:4.44'
const CODENAME = 'bookworm'
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'
/** Where the socket of the host's S3 server is mounted. */
export const S3_SOCKET_FOLDER = '/s3'

/** Hands every request to the server behind the socket as it came, but for the health check. */
const FORWARD = `
import { createServer, request } from 'node:http'
createServer((incoming, outgoing) => {
  if (incoming.url === '/healthz') return outgoing.end('ok')
  const { method, url: path, rawHeaders: headers } = incoming
  const target = { socketPath: '${S3_SOCKET_FOLDER}/s3.sock', method, path, headers, setHost: false }
  const forwarded = request(target, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.rawHeaders)
    answer.pipe(outgoing)
  })
  forwarded.on('error', () => outgoing.destroy())
  incoming.pipe(forwarded)
}).listen(8333)
`

export async function makeStandIns(): Promise<void> {
  await makeNodeImage()
  await derive(REDIS_IMAGE, ['redis-server'], {}, [
    '--workingdir',
    '/data',
    '--cmd',
    'redis-server',
  ])
  const entry = ['--cmd', '', '--entrypoint', '["node","/forward.mjs"]']
  await derive(S3_IMAGE, ['curl'], { '/forward.mjs': FORWARD }, entry)
}

async function makeNodeImage(): Promise<void> {
  if (await exists(NODE_IMAGE)) return
  const folder = await mkdtemp(join(tmpdir(), 'tersor-images-'))
  try {
    const root = join(folder, 'root')
    await run('debootstrap', ['--variant=minbase', CODENAME, root, ...(await debianMirror())])
    // Node's package fetches its program in a script of its own.
    await run('npm', ['install', '--ignore-scripts=false', 'node@24', 'npm@11'], { cwd: folder })
    const modules = join(folder, 'node_modules')
    const library = join(root, 'usr/local/lib/node_modules')
    await run('cp', [join(modules, 'node/bin/node'), join(root, 'usr/local/bin/node')])
    await run('mkdir', ['-p', library, join(root, 'etc/ssl/certs')])
    await run('cp', ['-a', join(modules, 'npm'), library])
    for (const name of ['npm', 'npx']) {
      const target = `../lib/node_modules/npm/bin/${name}-cli.js`
      await run('ln', ['-s', target, join(root, 'usr/local/bin', name)])
    }
    await run('chroot', [root, 'useradd', '--uid', '1000', '--create-home', 'node'])
    // What this machine needs to reach npm.
    await run('cp', [CERTIFICATES, join(root, CERTIFICATES)])
    const registry = await run('npm', ['config', 'get', 'registry'])
    await writeFile(join(library, 'npm/npmrc'), `registry=${registry}cafile=${CERTIFICATES}\n`)
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    const certificates = `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`
    const config = ['--env', path, '--env', certificates, '--cmd', 'node']
    const fill = (mount: string) => run('cp', ['-a', `${root}/.`, mount])
    await commit('scratch', NODE_IMAGE, fill, config)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function derive(
  image: string,
  packages: readonly string[],
  files: Readonly<Record<string, string>>,
  config: readonly string[],
): Promise<void> {
  if (await exists(image)) return
  const fill = async (mount: string): Promise<void> => {
    await run('cp', ['/etc/resolv.conf', join(mount, 'etc/resolv.conf')])
    await run('cp', ['-a', '/etc/apt/.', join(mount, 'etc/apt')])
    const install = ['install', '-y', '--no-install-recommends', ...packages]
    for (const parameters of [['update'], install]) {
      const env = { DEBIAN_FRONTEND: 'noninteractive' }
      await run('chroot', [mount, 'apt-get', ...parameters], { env })
    }
    for (const [path, text] of Object.entries(files)) await writeFile(join(mount, path), text)
  }
  await commit(NODE_IMAGE, image, fill, config)
}

/** A container from an image, filled, configured and committed under a name. */
async function commit(
  from: string,
  image: string,
  fill: (mount: string) => Promise<unknown>,
  config: readonly string[],
): Promise<void> {
  const container = (await run('buildah', ['from', '--pull-never', from])).trim()
  try {
    await fill((await run('buildah', ['mount', container])).trim())
    await run('buildah', ['umount', container])
    await run('buildah', ['config', ...config, container])
    await run('buildah', ['commit', container, image])
  } finally {
    await run('buildah', ['rm', container])
  }
}

async function exists(image: string): Promise<boolean> {
  return await run('buildah', ['inspect', '--type', 'image', image]).then(
    () => true,
    () => false,
  )
}

/** The one this machine installs from, where it is of the same Debian. */
export async function debianMirror(): Promise<readonly string[]> {
  const format = ['indextargets', '--format', '$(REPO_URI) $(RELEASE)', 'Created-By: Packages']
  const targets = await run('apt-get', format)
  const line = targets.split('\n').find((candidate) => candidate.endsWith(` ${CODENAME}`))
  return line === undefined ? [] : [line.split(' ')[0]!]
}
