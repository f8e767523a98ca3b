// Dockerfiles as far as ours go: stages of instructions; no heredocs, no parser directives.

export interface DockerInstruction {
  /** In capitals. */
  readonly name: string
  readonly rest: string
}

export interface DockerStage {
  readonly name: string
  /** An image, or the name of an earlier stage. */
  readonly from: string
  readonly instructions: readonly DockerInstruction[]
}

export function parseDockerfile(text: string): readonly DockerStage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const stages: { name: string; from: string; instructions: DockerInstruction[] }[] = []
  for (const line of lines) {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    const stage = /^(\S+) AS (\S+)$/.exec(rest)
    if (name === 'FROM' && stage !== null) {
      stages.push({ from: stage[1]!, name: stage[2]!, instructions: [] })
    } else if (name === 'FROM') {
      throw new Error(`a stage without a name: ${line}`)
    } else {
      stages.at(-1)?.instructions.push({ name, rest })
    }
  }
  return stages
}

/** The instructions of a stage after those of the stages it starts from. */
export function inherited(
  stages: readonly DockerStage[],
  name: string,
): readonly DockerInstruction[] {
  const stage = stages.find((candidate) => candidate.name === name)
  return stage === undefined ? [] : [...inherited(stages, stage.from), ...stage.instructions]
}

/** Variables of `ENV NAME=value …`, later ones winning. */
export function environmentOf(
  instructions: readonly DockerInstruction[],
): Readonly<Record<string, string>> {
  const pairs = instructions
    .filter(({ name }) => name === 'ENV')
    .flatMap(({ rest }) => [...rest.matchAll(/(\w+)=(\S+)/g)])
  return Object.fromEntries(pairs.map(([, key, value]) => [key!, value!]))
}
