// The rows of the fault matrix that can be struck here.

import type { Fault } from './fault.ts'
import { apiKilled } from './rows/api-killed.ts'
import { cancelRaces } from './rows/cancel-races.ts'
import { childCrashes } from './rows/child-crashes.ts'
import { childKilled } from './rows/child-killed.ts'
import { clockSkew } from './rows/clock-skew.ts'
import { deadlines } from './rows/deadlines.ts'
import { poison } from './rows/poison.ts'
import { redisAway } from './rows/redis-away.ts'
import { redisFlushed } from './rows/redis-flushed.ts'
import { redisFull } from './rows/redis-full.ts'
import { redisKilled } from './rows/redis-killed.ts'
import { rollingDeploy } from './rows/rolling-deploy.ts'
import { workerKilled } from './rows/worker-killed.ts'
import { workerPaused } from './rows/worker-paused.ts'

export const FAULTS: readonly Fault[] = [
  workerKilled,
  childKilled,
  deadlines,
  childCrashes,
  poison,
  apiKilled,
  workerPaused,
  redisKilled,
  redisFlushed,
  redisAway,
  redisFull,
  clockSkew,
  cancelRaces,
  rollingDeploy,
]
