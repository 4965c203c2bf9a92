// Answers simulations, one JSON document a line on standard input, one a line on standard output, in order.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

for await (const line of createInterface({ input: process.stdin })) {
  const simulation = JSON.parse(line)
  const answer = await runSimulation(simulation, {})
  const said =
    answer.resultType === 'error'
      ? { error: answer.errors }
      : { result: answer.overallResult, ignored: answer.result.ignoredContextKeys ?? [] }
  process.stdout.write(JSON.stringify(said) + '\n')
}
