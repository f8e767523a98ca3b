// A progress bar on one line of a terminal; on a pipe, one line per stage.

const WIDTH = 30

export function progressBar(output: NodeJS.WriteStream) {
  let stage = ''
  return {
    show(fraction: number, message: string): void {
      if (!output.isTTY) {
        if (message !== stage) output.write(`${Math.round(fraction * 100)} % ${message}\n`)
        stage = message
        return
      }
      const filled = Math.round(fraction * WIDTH)
      const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
      output.write(
        `\r${bar} ${String(Math.round(fraction * 100)).padStart(3)} % ${message.slice(0, 40).padEnd(40)}`,
      )
    },
    end(): void {
      if (output.isTTY) output.write('\n')
    },
  }
}
