/** What GitLab answers about a CI configuration (gitlabhq lib/api/entities/ci/lint/result.rb). */
import * as z from 'zod'

export const apiLint = z
  .object({
    valid: z.boolean(),
    errors: z.array(z.string()).nullish(),
    /** Null, or left out, when the configuration could not even be read. */
    merged_yaml: z.string().nullish(),
  })
  .transform(({ valid, errors, merged_yaml: mergedYaml }) => ({
    valid,
    errors: errors ?? [],
    mergedYaml: mergedYaml ?? null,
  }))
