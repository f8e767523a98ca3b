// The configuration of Swift's daemons: one folder, one replica, one user, patient time limits.

export interface SwiftPorts {
  readonly account: number
  readonly container: number
  readonly object: number
  readonly proxy: number
  readonly memcached: number
}

export interface SwiftPlace {
  readonly folder: string
  readonly host: string
  readonly ports: SwiftPorts
  readonly user: string
}

/**
 * Arguments: folder, host, ports as JSON. One disk holds every partition of the three rings. The four daemons do what the
 * packages' own start scripts do, as forks of one process that has read their code once; they die with it.
 */
export const RUN_SWIFT = `
import ctypes, json, os, signal, sys
from swift.common import utils
folder, host, ports = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
utils.set_swift_dir(folder)
# While little is loaded: it walks through all objects, and each daemon would do it again.
utils.eventlet_monkey_patch()
utils.eventlet_monkey_patch = lambda: None
from swift.common.ring import RingBuilder
from swift.common.wsgi import run_wsgi
import swift.account.server, swift.container.server, swift.obj.server, swift.proxy.server
import swift.common.middleware.s3api.s3api

os.setxattr(folder + '/disk', 'user.tersor', b'Swift keeps metadata in extended attributes')
for name in ('account', 'container', 'object'):
    ring = RingBuilder(2, 1, 0)
    ring.add_dev({'region': 1, 'zone': 1, 'ip': host, 'port': ports[name], 'device': 'd1', 'weight': 1})
    ring.rebalance()
    ring.get_ring().save(folder + '/' + name + '.ring.gz')
PR_SET_PDEATHSIG = 1
for name in ('account', 'container', 'object', 'proxy'):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        sys.exit(run_wsgi(folder + '/' + name + '-server.conf', name + '-server', verbose=True))
os.wait()
sys.exit('a daemon ended')
`

export function swiftConfigFiles(place: SwiftPlace): Readonly<Record<string, string>> {
  const { folder } = place
  return {
    'swift.conf': `
[swift-hash]
swift_hash_path_suffix = tersor
[storage-policy:0]
name = one
default = yes
`,
    'account-server.conf': daemonConfig(place, 'account', ''),
    'container-server.conf': daemonConfig(place, 'container', 'allow_versions = true'),
    // Without an updater daemon a listing that missed an update would miss it for ever: wait for it.
    'object-server.conf': daemonConfig(place, 'object', 'container_update_timeout = 120'),
    'proxy-server.conf': proxyConfig(place, folder),
  }
}

function defaults({ folder, host, user }: SwiftPlace, port: number): string {
  return `
[DEFAULT]
bind_ip = ${host}
bind_port = ${port}
bind_timeout = 5
workers = 0
user = ${user}
swift_dir = ${folder}
devices = ${folder}/disk
mount_check = false
fallocate_reserve = 0
log_level = ERROR
# Busy machines: a slow disk is no error.
conn_timeout = 30
node_timeout = 120
`
}

function daemonConfig(place: SwiftPlace, name: keyof SwiftPorts, settings: string): string {
  return `${defaults(place, place.ports[name])}
[pipeline:main]
pipeline = healthcheck ${name}-server
[app:${name}-server]
use = egg:swift#${name}
${settings}
conn_timeout = 30
node_timeout = 120
[filter:healthcheck]
use = egg:swift#healthcheck
`
}

function proxyConfig(place: SwiftPlace, folder: string): string {
  const { host, ports } = place
  const filters = [
    'catch_errors',
    'proxy-logging',
    'listing_formats',
    'bulk',
    'tempauth',
    'copy',
    'dlo',
    'slo',
    'symlink',
    'versioned_writes',
    'healthcheck',
  ]
  return `${defaults(place, ports.proxy)}
[pipeline:main]
# symlink must stand before versioned_writes.
pipeline = catch_errors healthcheck proxy-logging cache listing_formats bulk s3api tempauth copy dlo slo symlink versioned_writes proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
conn_timeout = 30
node_timeout = 120
recoverable_node_timeout = 120
# There is one node: to avoid it after errors is to answer 503.
error_suppression_interval = 0
error_suppression_limit = 1000000
[filter:cache]
use = egg:swift#memcache
swift_dir = ${folder}
memcache_servers = ${host}:${ports.memcached}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
allow_multipart_uploads = true
max_bucket_listing = 1000
${filters.map((name) => `[filter:${name}]\nuse = egg:swift#${name.replace('-', '_')}${name === 'tempauth' ? '\nuser_test_tester = testing .admin' : ''}`).join('\n')}
`
}
