import type { Choice, Policy } from '../policy.ts'

const scores = ({ arms }: Choice): number[] => arms.map(() => 1 / arms.length)

/** Every arm alike: the yardstick that the other policies are held against. */
export const uniform: Policy = {
  name: 'uniform',
  version: '1',
  parameters: {},
  scores,
  probabilities: scores,
}
