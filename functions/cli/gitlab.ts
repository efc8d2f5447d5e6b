/** What a command that speaks with GitLab hands on, also to a running server: whose token it is to use. */
import type { Command } from 'commander'
import { settingsFor } from './operate.ts'

const DEFAULT_URL = 'https://gitlab.com'

/** The socket that it goes through is its owner's alone. */
export function gitlabOf(command: Command): { api_token?: string; gitlab_url?: string } {
  const { gitlabApiToken, gitlabUrl } = settingsFor(command)
  return {
    ...(gitlabApiToken !== undefined && { api_token: gitlabApiToken }),
    ...(gitlabUrl !== DEFAULT_URL && { gitlab_url: gitlabUrl }),
  }
}
