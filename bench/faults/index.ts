// The rows of the fault matrix that can be struck here.

import type { Fault } from './fault.ts'
import { apiKilled } from './rows/api-killed.ts'
import { cancelRaces } from './rows/cancel-races.ts'
import { childCrashes } from './rows/child-crashes.ts'
import { childKilled } from './rows/child-killed.ts'
import { clockSkew } from './rows/clock-skew.ts'
import { deadlines } from './rows/deadlines.ts'
import { redisDiskFull, scratchFull } from './rows/disk-full.ts'
import { duplicates } from './rows/duplicates.ts'
import { partition } from './rows/partition.ts'
import { poison } from './rows/poison.ts'
import { redisAway } from './rows/redis-away.ts'
import { redisFlushed } from './rows/redis-flushed.ts'
import { redisFull } from './rows/redis-full.ts'
import { redisKilled } from './rows/redis-killed.ts'
import { redisSlow } from './rows/redis-slow.ts'
import { rollingDeploy } from './rows/rolling-deploy.ts'
import { s3BreaksOff, s3Errs, s3Lies } from './rows/s3-fails.ts'
import { severalHosts } from './rows/several-hosts.ts'
import {
  trainingChildKilled,
  trainingWorkerKilled,
  trainingWorkerStopped,
} from './rows/training-broken-off.ts'
import { uploadKilled } from './rows/upload-killed.ts'
import { workerKilled } from './rows/worker-killed.ts'
import { workerPaused } from './rows/worker-paused.ts'

export const FAULTS: readonly Fault[] = [
  workerKilled,
  childKilled,
  deadlines,
  childCrashes,
  poison,
  apiKilled,
  uploadKilled,
  workerPaused,
  redisKilled,
  redisFlushed,
  redisAway,
  redisSlow,
  redisFull,
  s3Errs,
  s3BreaksOff,
  s3Lies,
  scratchFull,
  redisDiskFull,
  partition,
  clockSkew,
  duplicates,
  cancelRaces,
  rollingDeploy,
  severalHosts,
  trainingWorkerKilled,
  trainingChildKilled,
  trainingWorkerStopped,
]
