/** The fleet.yaml of a simulated world: the owner's description of its runners. */
import { runnerIdOf } from './names.ts'
import type { SimulatedKey, World } from './world.ts'

/** Names and tags are plain words, so that nothing has to be quoted. */
export function fleetTextOf({ arms, keys, projects }: World): string {
  const machines = [...new Set(arms.map(({ machine }) => machine))]
  const executors = [...new Set(arms.map(({ executor }) => executor))]
  return [
    '# The fleet of a simulated world, written by "runner-bandit simulate --write".',
    'machines:',
    ...machines.map((machine) => `  ${machine}: {}`),
    `executors: [${executors.join(', ')}]`,
    'projects:',
    ...projects.map(([key = 0]) => {
      const { projectId, projectPath } = keys[key] as SimulatedKey
      return `  - { name: ${projectPath.split('/').at(-1)}, id: ${projectId}, path: ${projectPath} }`
    }),
    'runners:',
    ...arms.flatMap(({ id, machine, executor, tags, slots, costPerHourEur }, arm) => [
      `  - name: ${id}`,
      `    id: ${runnerIdOf(arm)}`,
      `    machine: ${machine}`,
      `    executor: ${executor}`,
      `    slots: ${slots}`,
      `    cost_per_hour_eur: ${costPerHourEur}`,
      `    tags: [${tags.join(', ')}]`,
    ]),
    '',
  ].join('\n')
}
