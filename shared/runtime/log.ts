/** One JSON line per happening on stderr, with Cloud Logging's fields; a person at a terminal gets them pretty. */
import { stderr } from 'node:process'
import { destination, pino, stdTimeFunctions } from 'pino'
import type { Log } from '../ports.ts'

/** Loaded where a person may be watching, and not by functions in the cloud. */
const prettyStream = stderr.isTTY ? (await import('pino-pretty')).build : undefined

const SEVERITY: Record<string, string> = { debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR' }
export type LogLevel = 'debug' | 'info' | 'warning' | 'error'

/**
 * @param level the least severity that is written.
 * @param file where to write instead of stderr: a path, or the number of an open one.
 */
export function createLog(level: LogLevel, file?: string | number): Log {
  const pretty = file === undefined ? prettyStream : undefined
  const stream =
    pretty === undefined
      ? destination({ dest: file ?? 2, sync: true })
      : pretty({
          destination: 2,
          sync: true,
          singleLine: true,
          messageKey: 'message',
          timestampKey: 'time',
        })
  const logger = pino(
    {
      level: level === 'warning' ? 'warn' : level,
      messageKey: 'message',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      ...(pretty === undefined
        ? { formatters: { level: (label: string) => ({ severity: SEVERITY[label] }) } }
        : {}),
      serializers: { error: describeError },
    },
    stream,
  )
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warning: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  }
}

/** The error and what caused it, each on one line; a stack only where it can be a bug. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) }
  const isExpected = /^(InvalidInput|Transient|Conflict|Config)Error$/.test(error.name)
  return { name: error.name, message: error.message, ...cause, ...(isExpected ? {} : { stack: error.stack }) }
}
