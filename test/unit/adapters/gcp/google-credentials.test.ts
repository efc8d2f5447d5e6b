/** What is said of credentials for Google Cloud that are not there, have ended, or cannot be had now. */
import { expect, test } from 'vitest'
import { requireCredentials } from '../../../../shared/adapters/gcp/google-credentials.ts'
import { ConfigError, TransientError } from '../../../../shared/errors.ts'

const client = { getRequestHeaders: async () => ({ authorization: 'Bearer of-somebody' }) }
const failing = (message: string, more: object = {}) =>
  requireCredentials({ getClient: () => Promise.reject(Object.assign(new Error(message), more)) })
const never = new Promise<never>(() => {})

test('credentials that Google takes are all that is asked for', async () => {
  await expect(requireCredentials({ getClient: async () => client })).resolves.toBeUndefined()
})

// The messages are those of google-auth-library and of Google's token endpoint.
test.each([
  ['Could not load the default credentials. Browse to https://cloud.google.com/docs', {}],
  ['invalid_grant', { code: '400', status: 400 }],
  ['{"error":"invalid_grant","error_subtype":"invalid_rapt"}', { status: 400 }],
  ['Unable to read the credential file: ENOENT: no such file', { code: 'ENOENT' }],
  ['Unexpected token h in JSON', {}],
])('%s: somebody has to log in', async (message, more) => {
  await expect(failing(message, more)).rejects.toThrow(ConfigError)
  await expect(failing(message, more)).rejects.toThrow('gcloud auth application-default login')
})

test.each([
  ['getaddrinfo ENOTFOUND oauth2.googleapis.com', { code: 'ENOTFOUND' }],
  ['connect ECONNREFUSED', { code: 'ECONNREFUSED' }],
  ['Bad Gateway', { status: 502 }],
])('%s: it may pass', async (message, more) => {
  await expect(failing(message, more)).rejects.toThrow(TransientError)
})

test('who is not answered, for the credentials or for the token, does not wait for ever', async () => {
  await expect(requireCredentials({ getClient: () => never }, 10)).rejects.toThrow(TransientError)
  const slow = { getRequestHeaders: () => never }
  await expect(requireCredentials({ getClient: async () => slow }, 10)).rejects.toThrow(TransientError)
})

test('what comes too late is nobody’s unhandled rejection', async () => {
  const { promise, reject } = Promise.withResolvers<typeof client>()
  await expect(requireCredentials({ getClient: () => promise }, 10)).rejects.toThrow(TransientError)
  reject(new Error('Could not load the default credentials'))
  await new Promise((resolve) => setImmediate(resolve))
})
