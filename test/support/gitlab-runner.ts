/** Runners as GitLab has them: whatever a test does not name has a harmless value. */
import type { SeenFleet } from '../../shared/domain/fleet-match.ts'
import type { GitlabRunner, GitlabRunnerManager } from '../../shared/domain/gitlab-runner.ts'

export function managerOf(overrides: Partial<GitlabRunnerManager> = {}): GitlabRunnerManager {
  return {
    systemId: 's_1',
    executor: 'docker',
    platform: 'linux',
    architecture: 'amd64',
    version: '18.5.0',
    contactedAt: 1,
    ...overrides,
  }
}

export function gitlabRunner(overrides: Partial<GitlabRunner> = {}): GitlabRunner {
  return {
    id: 1,
    description: 'a',
    kind: 'group',
    tags: ['x'],
    runUntagged: false,
    refProtected: false,
    paused: false,
    projects: null,
    online: true,
    contactedAt: 1,
    managers: [managerOf()],
    untold: [],
    ...overrides,
  }
}

export function seenFleet(
  runners: readonly GitlabRunner[],
  { scope = 'instance', asked = [], exists = new Map() }: Partial<SeenFleet> = {},
): SeenFleet {
  return { scope, runners, asked, exists }
}
