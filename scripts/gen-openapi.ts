// Writes openapi.yaml from the route table.

import { writeFileSync } from 'node:fs'
import { openApiYaml } from '#src/http/openapi'
import { ROUTES } from '#src/http/routes/index'

writeFileSync('openapi.yaml', openApiYaml(ROUTES))
