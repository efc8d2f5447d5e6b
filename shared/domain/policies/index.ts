/** Every policy there is. A new one is a file beside this one, a line here, and a hand-computed case in its test. */
import type { Policy } from '../policy.ts'
import { greedy } from './greedy.ts'
import { thompson } from './thompson.ts'
import { ucb1 } from './ucb1.ts'
import { ucb1Tuned } from './ucb1-tuned.ts'
import { uniform } from './uniform.ts'

export const policies: readonly Policy[] = [ucb1, ucb1Tuned, thompson, greedy, uniform]

export const policyNames = policies.map(({ name }) => name)

export function policyNamed(name: string): Policy | undefined {
  return policies.find((policy) => policy.name === name)
}
