// The way between plugins as it is on real machines: TLS, with the swarm's own certificates.

import type { Clock } from '../../../service/clock.js';
import { readCertificates } from './certificates.js';
import { Gateway, type GatewayParts } from './gateway.js';
import type { Lines } from './line.js';
import { TlsLine } from './tls-line.js';

export interface TlsSettings extends Pick<GatewayParts, 'report'> {
  readonly clock: Clock;
  /** Where managers listen. */
  readonly port: number;
  /** `<data-root>/swarm/certificates`. */
  readonly certificates: string;
  /** Whom this process answers while its node is a manager: commands of operators answer nobody. */
  readonly answers: 'workers' | 'nobody';
}

export function overTls({ clock, port, report, answers: whom, certificates: folder }: TlsSettings): Lines {
  const parts = { clock, port, certificates: () => readCertificates(folder) };
  return {
    line: new TlsLine(parts),
    gate: whom === 'workers' ? (answers) => new Gateway({ ...parts, report, answers }) : undefined,
  };
}
