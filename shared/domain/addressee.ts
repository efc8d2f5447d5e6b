/** Whom a message is for. */

/**
 * Whether a subscription is to handle a message, by the message's attributes: what was redriven is for who gave up on
 * it alone. Filters say the same where they are applied.
 */
export function isForMe(attributes: Readonly<Record<string, string>>, subscription: string): boolean {
  return attributes.redrive_for === undefined || attributes.redrive_for === subscription
}
