import type { Notification } from './notification.ts';

/** Why a notification did not get through. */
export interface DeliveryFailure {
  /** One line; never holds a secret such as a webhook's URL. */
  detail: string;
  /** Sending it again changes nothing. */
  isFinal: boolean;
  /** The receiver's wish. */
  retryAfterMs?: number;
}

/** One way to tell somebody. */
export interface Channel {
  /** Such as `sns` or `webhook`. */
  name: string;
  /** Sends once; undefined when it was taken. Never rejects and takes seconds at most. */
  send(notification: Notification): Promise<DeliveryFailure | undefined>;
}
