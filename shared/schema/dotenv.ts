/** What a value in a GitLab dotenv report may be made of, so that no reader has to quote or expand it. */
const OTHERS = /[^\p{L}\p{N}_.:/@+-]+/gu

/** What a tag that jobs are sent to may be made of: CI/CD components put no other on a job. */
const ROUTING_TAG = /^[A-Za-z0-9_.:/@+-]{1,255}$/

export const isRoutingTag = (text: string): boolean => ROUTING_TAG.test(text)

/** Each run of other characters becomes a "-". */
export const dotenvValue = (text: string): string => text.replaceAll(OTHERS, '-')
