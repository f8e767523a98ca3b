// The child process as one bundle: every job starts three, and loading some 300 modules is most of what a tiny job costs.

import { build } from 'rolldown'

await build({
  input: 'dist/workers/sandbox/child.js',
  platform: 'node',
  // Packages that load binaries of their own find them beside their own files.
  external: [/^onnxruntime-node/, /^@napi-rs\//, /^@hpcc-js\//],
  output: { dir: 'dist/workers/sandbox/bundle', format: 'esm', cleanDir: true },
})
