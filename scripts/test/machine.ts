// What some suites need of the machine beyond Node and npm. What is missing is said with the way to get it.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** @throws Error */
export function needChromium(): void {
  if (existsSync(CHROMIUM)) return;
  const remedy = 'Install it (Debian: apt-get install chromium) or set CHROMIUM';
  throw new Error(`Chromium is missing: ${CHROMIUM} is not there. ${remedy}`);
}

/** @throws Error */
export function needEtcd(): void {
  needProgram('etcd', 'etcd-server');
}

/** Prometheus and its promtool. @throws Error */
export function needPrometheus(): void {
  needProgram('prometheus', 'prometheus');
}

function needProgram(name: string, debian: string): void {
  const folders = (process.env.PATH ?? '').split(delimiter);
  if (folders.some((folder) => existsSync(join(folder, name)))) return;
  throw new Error(`${name} is missing: install it (Debian: apt-get install ${debian}), so that \`${name}\` is in PATH`);
}
