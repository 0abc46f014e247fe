import { connectLikeEdge, type Phase } from '../probe/connect-like-edge.ts';
import type { ProbeOptions } from '../probe/probe.ts';
import { readTls } from '../probe/read-tls.ts';

/** Where an origin is, by its own settings. */
export interface OriginAddress {
  id: string;
  protocol: 'http' | 'https';
  domainName: string;
  port: number;
}

/** `plain`: the connection is not encrypted. `bad`: CloudFront would refuse it too. `unreached`: which may be this machine's fault. */
export type CertificateReading =
  | { kind: 'good' /** Epoch milliseconds. */; validTo: number }
  | { kind: 'plain' }
  | { kind: 'bad'; problem: string }
  | { kind: 'unreached'; problem: string };

const timeoutMs = 5_000;

/** Makes one TLS handshake as CloudFront would, with the first name as SNI and the certificate good for any of them. Never rejects. */
export function readCertificate(
  { protocol, domainName, port }: OriginAddress,
  names: readonly [string, ...string[]],
  options: Pick<ProbeOptions, 'connectTo' | 'lookup' | 'ca'> = {},
): Promise<CertificateReading> {
  const address = options.connectTo ?? { host: domainName, port, protocol };
  if (address.protocol === 'http') return Promise.resolve({ kind: 'plain' });
  return new Promise((resolve) => {
    let phase: Phase = 'dns';
    const onPhase = (reached: Phase) => {
      phase = reached;
    };
    const connect = connectLikeEdge({ ...address, names, timeoutMs }, { ...options, onPhase });
    connect({ hostname: domainName, protocol: 'https:', port: String(port) }, (error, socket) => {
      if (error !== null) return resolve(judgeFailure(phase, error));
      resolve({ kind: 'good', validTo: readTls(socket)?.validTo ?? Number.NaN });
      socket.destroy();
    });
  });
}

function judgeFailure(phase: Phase, error: Error & { code?: string }): CertificateReading {
  const problem = error.message || error.code || 'no connection';
  const isTheirs = phase === 'tls' && !/^not connected within/.test(problem) && error.code !== 'ECONNRESET';
  return { kind: isTheirs ? 'bad' : 'unreached', problem: `${phase}: ${problem}` };
}
