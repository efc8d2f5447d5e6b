/** What a value in a GitLab dotenv report may be made of, so that no reader has to quote or expand it. */
const OTHERS = /[^\p{L}\p{N}_.:/@+-]+/gu

export const isDotenvValue = (text: string): boolean => text.search(OTHERS) === -1

/** Each run of other characters becomes a "-". */
export const dotenvValue = (text: string): string => text.replaceAll(OTHERS, '-')
