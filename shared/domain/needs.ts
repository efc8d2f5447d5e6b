/** What a job needs of the machine beyond its tags, told by a request or read from its CI file. */
import type { SiteNeeds } from './site-rule.ts'

/** What is said of a job; left out or null: nothing is. */
export type SaidOfJob = {
  image?: string | null
  services?: readonly string[]
  executor?: string | null
  architecture?: string | null
  /** A model, or "any". */
  gpu?: string | null
  memoryGb?: number | null
  zone?: string | null
}

/** GitLab Runner's executors that run a job in a container of its image. */
export const CONTAINER_EXECUTORS: readonly string[] = [
  'docker',
  'docker+machine',
  'docker-autoscaler',
  'docker-windows',
  'kubernetes',
]

/** Other names of what Go calls amd64, arm64 …, as `uname -m` and others say them. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  armv8: 'arm64',
  i386: '386',
  i686: '386',
}

/** An executor that is named counts as it is; else an image or a service needs one that runs containers. */
export function needsOf(said: SaidOfJob): SiteNeeds {
  const { image = null, services = [], executor = null, architecture = null } = said
  const inContainer = image !== null || services.length > 0
  return {
    executors: executor !== null ? [executor] : inContainer ? CONTAINER_EXECUTORS : null,
    architecture: architecture === null ? null : architectureNamed(architecture),
    gpu: said.gpu ?? null,
    memoryGb: said.memoryGb ?? null,
    zone: said.zone ?? null,
  }
}

/** As Go names it: amd64, arm64, …; unknown names stay as they are. */
export function architectureNamed(name: string): string {
  const lower = name.toLowerCase()
  return ARCHITECTURES[lower] ?? lower
}
