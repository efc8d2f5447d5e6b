/** The first fleet: 11 runners on 4 machines, and the 5 projects that every runner serves. */

export type PlayedRunner = {
  id: number
  description: string
  executor: 'docker' | 'shell' | 'kubernetes'
  tags: readonly string[]
  runUntagged: boolean
  /** Takes jobs of protected refs only. */
  protected: boolean
  paused: boolean
  /** An offline runner never asks for a job. */
  online: boolean
  /** How many jobs it runs at a time. */
  concurrent: number
  pollIntervalSeconds: number
  /** Multiplies every job's duration: below 1 is fast. */
  speedFactor: number
  /** Probability that a job dies of the runner and not of its script. */
  systemFailureRate: number
}

export type PlayedProject = { id: number; name: string; path: string }

/** What every runner of this fleet has in common. */
const alike = {
  runUntagged: false,
  protected: false,
  paused: false,
  online: true,
  pollIntervalSeconds: 3,
}
const docker = { ...alike, executor: 'docker' } as const
const shell = { ...alike, executor: 'shell' } as const
const kubernetes = { ...alike, executor: 'kubernetes' } as const

export const playedRunners: readonly PlayedRunner[] = [
  {
    ...docker,
    id: 1,
    description: 'gitlab-runner-nordic',
    tags: ['docker-any', 'shell-any', 'gcp-any', 'any-runner', 'nordic'],
    concurrent: 4,
    speedFactor: 1.2,
    systemFailureRate: 0.01,
  },
  {
    ...docker,
    id: 2,
    description: 'Mac Docker Runner',
    tags: ['docker-any', 'mac-any', 'any-runner', 'mac-docker'],
    concurrent: 2,
    speedFactor: 1,
    systemFailureRate: 0.01,
  },
  {
    ...docker,
    id: 3,
    description: 'Mac2 Docker Runner',
    tags: ['docker-any', 'any-runner', 'mac2-docker'],
    concurrent: 2,
    speedFactor: 0.65,
    systemFailureRate: 0.005,
  },
  {
    ...docker,
    id: 4,
    description: 'Linux Yoga Docker Runner',
    tags: ['docker-any', 'linux-any', 'any-runner', 'linux-docker'],
    concurrent: 3,
    speedFactor: 1.6,
    systemFailureRate: 0.04,
  },
  {
    ...shell,
    id: 5,
    description: 'Mac Shell Runner',
    tags: ['shell-any', 'mac-any', 'any-runner', 'mac-shell'],
    concurrent: 2,
    speedFactor: 0.9,
    systemFailureRate: 0.01,
  },
  {
    ...shell,
    id: 6,
    description: 'Mac2 Shell Runner',
    tags: ['shell-any', 'any-runner', 'mac2-shell'],
    concurrent: 1,
    speedFactor: 0.6,
    systemFailureRate: 0.005,
  },
  {
    ...shell,
    id: 7,
    description: 'Linux Yoga Shell Runner',
    tags: ['shell-any', 'linux-any', 'any-runner', 'linux-shell'],
    concurrent: 1,
    speedFactor: 1.4,
    systemFailureRate: 0.03,
  },
  {
    ...kubernetes,
    id: 8,
    description: 'Mac K8s Runner',
    tags: ['k8s-any', 'mac-any', 'any-runner', 'mac-k8s'],
    concurrent: 3,
    speedFactor: 1.15,
    systemFailureRate: 0.03,
  },
  {
    ...kubernetes,
    id: 9,
    description: 'Mac2 K8s Runner',
    tags: ['k8s-any', 'any-runner', 'mac2-k8s'],
    concurrent: 2,
    speedFactor: 0.8,
    systemFailureRate: 0.02,
  },
  {
    ...kubernetes,
    id: 10,
    description: 'Linux Yoga K8s Runner',
    tags: ['k8s-any', 'linux-any', 'any-runner', 'linux-k8s'],
    concurrent: 2,
    speedFactor: 1.8,
    systemFailureRate: 0.06,
  },
  {
    ...kubernetes,
    id: 11,
    description: 'Nordic K8s Runner',
    tags: ['k8s-any', 'gcp-any', 'any-runner', 'nordic-k8s'],
    online: false,
    concurrent: 4,
    speedFactor: 1.3,
    systemFailureRate: 0.02,
  },
]

export const playedProjects: readonly [PlayedProject, ...PlayedProject[]] = [
  { id: 101, name: 'backoffice', path: 'example/backoffice' },
  { id: 102, name: 'corporate', path: 'example/corporate' },
  { id: 103, name: 'crm', path: 'example/crm' },
  { id: 104, name: 'clarissa', path: 'example/clarissa' },
  { id: 105, name: 'portal', path: 'example/portal' },
]
