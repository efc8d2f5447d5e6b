/** Checks of the place that it runs in: program, settings, fleet, folder, disk. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { ConfigError } from '../../../shared/errors.ts'
import { loadFleet } from '../../../shared/runtime/deps.ts'
import { LOOPBACK } from '../../../shared/schema/settings-schema.ts'
import { type Check, failed, named, ok, shell, skipped, warning } from './check.ts'

const OLDEST_NODE = [22, 18] as const
const MEBIBYTE = 1024 * 1024
/** DuckDB and SQLite need room to write before they can remove. */
const LEAST_FREE_BYTES = 100 * MEBIBYTE
const COMFORTABLE_FREE_BYTES = 1024 * MEBIBYTE
const OTHERS = 0o077

export function checkNode(version = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNew = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  const mend = 'npm ci   (on Linux it brings a fitting Node; elsewhere install Node 24)'
  return named('Node', isNew ? ok(version) : failed(`${version} cannot run this`, mend))
}

export function checkSettings(faults: readonly string[]): Check {
  const mend = 'Correct them in the environment; README.md, "Settings", says what each takes.'
  return named('Settings', faults.length === 0 ? ok('all legible') : failed(faults.join('\n'), mend))
}

/** @param armsOfServer of the fleet that the running server has. */
export function checkFleet(fleetFile: string | undefined, armsOfServer: number | undefined): Check {
  let arms: number
  try {
    arms = armsOfServer ?? loadFleet(fleetFile).arms.size
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return named('Fleet', failed(error.message, `Correct ${fleetFile}; the command tells when it is well.`))
  }
  if (fleetFile !== undefined) return named('Fleet', ok(`${arms} arms in ${fleetFile}`))
  const finding = 'the example fleet is in use: your own runners are learned from, and never recommended'
  const mend =
    'npx runner-bandit fleet sync --project group/app   (needs GITLAB_API_TOKEN; then set RUNNER_BANDIT_FLEET=fleet.yaml)'
  return named('Fleet', warning(finding, mend))
}

/** A project that the fleet gives an id; null when there is none, or the file is not legible. */
export function projectOf(fleetFile: string | undefined): number | null {
  if (fleetFile === undefined) return null
  try {
    const [id = null] = loadFleet(fleetFile).projectIds.values()
    return id
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return null
  }
}

export function checkFolder(folder: string): Check {
  const verdict = () => {
    if (!existsSync(folder))
      return warning(`${folder} is not there yet`, `npx runner-bandit serve --data ${shell(folder)}`)
    const found = statSync(folder)
    if (!found.isDirectory())
      return failed(`${folder} is no folder`, `mv ${shell(folder)} ${shell(`${folder}.old`)}`)
    try {
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    } catch {
      return failed(`${folder} cannot be written by this user`, `sudo chown -R "$(id -un)" ${shell(folder)}`)
    }
    const token = join(folder, 'webhook-token')
    const open = [folder, token].filter((path) => existsSync(path) && (statSync(path).mode & OTHERS) !== 0)
    if (open.length > 0)
      return warning(
        `others on this machine may read ${open.join(' and ')}`,
        `chmod go= ${open.map(shell).join(' ')}`,
      )
    return ok(`${folder}, its owner's alone`)
  }
  return named('Data folder', verdict())
}

export function checkDisk(folder: string, freeBytes = freeBytesOf(folder)): Check {
  if (freeBytes === undefined) return named('Disk', skipped(`the free space of ${folder} cannot be read`))
  const finding = `${Math.floor(freeBytes / MEBIBYTE)} MiB free`
  const mend = `df -h ${shell(folder)}   (remove something, or move the folder and say --data)`
  if (freeBytes < LEAST_FREE_BYTES) return named('Disk', failed(finding, mend))
  return named('Disk', freeBytes < COMFORTABLE_FREE_BYTES ? warning(finding, mend) : ok(finding))
}

/** Of the folder, or of the nearest one above it that is there. */
function freeBytesOf(folder: string): number | undefined {
  let path = resolve(folder)
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path)
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  } catch {
    return undefined
  }
}

/** Whether who reaches it from elsewhere has to show something. */
export function checkTokens({
  host,
  publicUrl,
  hasApiToken,
  hasIdTokens,
  hasAdminToken,
  hasSigningToken,
}: Exposure): Check {
  if (publicUrl === null && LOOPBACK.test(host))
    return named('Tokens', ok('it listens to this machine alone; the webhook has a token'))
  if (!hasApiToken && !hasIdTokens) {
    const finding = 'whoever reaches it may ask /recommend and /stats'
    return named('Tokens', warning(finding, `export ${newToken('RUNNER_BANDIT_API_TOKEN')}`))
  }
  if (publicUrl?.startsWith('http:')) {
    const finding = `${publicUrl} is not encrypted: tokens can be read on the way`
    return named(
      'Tokens',
      warning(finding, 'Put a proxy with HTTPS in front, and set PUBLIC_URL to its address.'),
    )
  }
  const admin = hasAdminToken ? 'set' : 'not set, so /reset is closed'
  const signing = hasSigningToken ? ', deliveries are signed' : ''
  const api = [...(hasApiToken ? ['set'] : []), ...(hasIdTokens ? ['by id tokens'] : [])].join(' and ')
  return named('Tokens', ok(`webhook: set${signing}; API: ${api}; admin: ${admin}`))
}

type Exposure = {
  host: string
  publicUrl: string | null
  hasApiToken: boolean
  hasIdTokens: boolean
  hasAdminToken: boolean
  hasSigningToken: boolean
}
const newToken = (name: string) => `${name}="$(openssl rand -hex 24)"   (and restart the server)`
