/** A process of its own for one measurement without a server: `alone.ts <file of test/bench/measure>`. */
import { answerBench } from './answers.ts'
import type { Alone, Values } from './measurement.ts'

const { inside } = (await import(`./measure/${process.argv[2]}`)) as {
  inside(input: Alone): Promise<Values>
}

answerBench(undefined, { measure: (input) => inside(input as Alone) })
