/** The jobs of the played CI files: what a pipeline may consist of. */
import type { Stage } from './day.ts'

export type Recipe = {
  name: string
  tag: string
  /** On a runner of speed factor 1. */
  medianSeconds: number
  /** Share of the pipelines that have this job. */
  share: number
  /** Share of the runs that end in a script failure. */
  failureRate: number
  /** `retry:` of the CI file. */
  retries?: 1
  /** `parallel:` of the CI file: so many jobs, named "rspec 1/4" and so on. */
  parallel?: number
}

/** Executor-level tags mostly, as the fleet's owner advises; some of a machine, a few of a single runner. */
export const recipes: Readonly<Record<Stage, readonly Recipe[]>> = {
  build: [
    { name: 'compile', tag: 'docker-any', medianSeconds: 80, share: 0.9, failureRate: 0.04 },
    { name: 'assets', tag: 'docker-any', medianSeconds: 45, share: 0.6, failureRate: 0.02 },
    { name: 'image', tag: 'k8s-any', medianSeconds: 130, share: 0.5, failureRate: 0.03, retries: 1 },
    { name: 'ios app', tag: 'mac-any', medianSeconds: 380, share: 0.12, failureRate: 0.08 },
  ],
  test: [
    { name: 'lint', tag: 'any-runner', medianSeconds: 14, share: 1, failureRate: 0.08 },
    { name: 'shellcheck', tag: 'shell-any', medianSeconds: 8, share: 0.5, failureRate: 0.03 },
    { name: 'unit', tag: 'docker-any', medianSeconds: 60, share: 0.8, failureRate: 0.07 },
    {
      name: 'rspec',
      tag: 'docker-any',
      medianSeconds: 170,
      share: 0.4,
      failureRate: 0.06,
      retries: 1,
      parallel: 4,
    },
    { name: 'integration', tag: 'k8s-any', medianSeconds: 210, share: 0.45, failureRate: 0.09, retries: 1 },
    { name: 'desktop', tag: 'linux-any', medianSeconds: 240, share: 0.15, failureRate: 0.1, retries: 1 },
  ],
  deploy: [
    { name: 'notarize', tag: 'mac-shell', medianSeconds: 70, share: 0.08, failureRate: 0.05 },
    { name: 'staging', tag: 'shell-any', medianSeconds: 35, share: 0.45, failureRate: 0.03 },
    { name: 'publish', tag: 'nordic', medianSeconds: 25, share: 0.1, failureRate: 0.02, retries: 1 },
    // Its only runner is offline: this one gets stuck.
    { name: 'smoke', tag: 'nordic-k8s', medianSeconds: 20, share: 0.02, failureRate: 0.02 },
  ],
}
