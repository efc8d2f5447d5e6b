/** What is built alike on one machine and in the cloud. Only deps*.ts import adapters. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openGitlab } from '../adapters/gitlab.ts'
import { GOOGLE, openIdTokens } from '../adapters/id-tokens.ts'
import type { Fleet } from '../domain/fleet.ts'
import { ConfigError, InvalidInputError } from '../errors.ts'
import type { Clock, Gitlab, Log } from '../ports.ts'
import { parseFleet } from '../schema/fleet.ts'
import type { Settings } from '../schema/settings.ts'
import type { Deps } from './handler.ts'

const EXAMPLE_FLEET = join(import.meta.dirname, '../fleet.example.yaml')

/** @throws InvalidInputError when there is no token. */
export function gitlabBy(
  token: string | undefined,
  settings: Settings,
  log: Log,
  signal: AbortSignal,
): Gitlab {
  if (token !== undefined) return openGitlab({ baseUrl: settings.gitlabUrl, token, log, signal })
  throw new InvalidInputError(
    'GITLAB_API_TOKEN is not set. In GitLab, make an access token of the project or of yourself: scope read_api and role Reporter to read jobs, scopes read_api and manage_runner and role Maintainer (in a group: Owner) to read runners, scope api and role Maintainer to install a webhook.',
  )
}

/** A signal of both; of the first alone where there is no second. */
export const either = (first: AbortSignal, second: AbortSignal | undefined): AbortSignal =>
  second === undefined ? first : AbortSignal.any([first, second])

/** Whose identity tokens the settings say to believe. No keys are fetched before the first token comes. */
export function idTokensBy(settings: Settings, log: Log, clock: Clock): Deps['idTokens'] {
  const { gitlabUrl, idTokenAudience, pushAudience, pushKeysUrl } = settings
  const openFor = (audience: string | undefined, issuer: { issuer: string; jwksUrl?: string }) =>
    audience === undefined ? undefined : openIdTokens({ ...issuer, audience, clock, log })
  return {
    gitlab: openFor(idTokenAudience, { issuer: gitlabUrl }),
    google: openFor(pushAudience, pushKeysUrl === undefined ? GOOGLE : { ...GOOGLE, jwksUrl: pushKeysUrl }),
  }
}

/** @throws ConfigError with every fault of the file. */
export function loadFleet(file: string | undefined): Fleet {
  const path = file ?? EXAMPLE_FLEET
  try {
    return parseFleet(readFileSync(path, 'utf8'), path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw new ConfigError(`RUNNER_BANDIT_FLEET: ${path} cannot be read`)
  }
}
