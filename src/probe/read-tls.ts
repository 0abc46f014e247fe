import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Facts of a TLS connection. */
export interface TlsFacts {
  /** Such as `TLSv1.3`. */
  protocol: string;
  /** The first name that the certificate is for; its subject's CN when it has no alternative names. */
  name: string;
  /** Epoch milliseconds: when the certificate ends. */
  validTo: number;
}

/** Undefined for a connection without TLS. */
export function readTls(socket: Socket): TlsFacts | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subject, subjectaltname = '', valid_to } = socket.getPeerCertificate();
  const [alternative = ''] = subjectaltname.split(', ');
  // A subject may be empty, or name several.
  const name = alternative === '' ? ([subject?.CN].flat()[0] ?? '') : alternative.replace(/^DNS:/, '');
  return { protocol: socket.getProtocol() ?? '', name, validTo: Date.parse(valid_to) };
}
