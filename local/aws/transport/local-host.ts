/** Whether a Host header names this machine: `localhost`, any name below it, or 127.0.0.1. A page elsewhere that rebinds its name to loopback does not pass. */
export function isLocalHost(host: string | undefined): boolean {
  return /^(([a-z0-9-]+\.)*localhost|127\.0\.0\.1)(:\d{1,5})?$/i.test(host ?? '');
}
