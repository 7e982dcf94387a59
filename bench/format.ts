// Figures as the tables and plots print them: two significant digits, thousands apart.

/** Two significant digits, without an exponent. */
export function format(value: number): string {
  if (value >= 100) return thousands(Number(value.toPrecision(2)));
  return value >= 10 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2);
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
}

/** Nanoseconds in the unit that suits. */
export function formatTime(nanoseconds: number): string {
  if (nanoseconds < 999.5) return `${format(nanoseconds)} ns`;
  if (nanoseconds < 999.5e3) return `${format(nanoseconds / 1e3)} µs`;
  return nanoseconds < 999.5e6 ? `${format(nanoseconds / 1e6)} ms` : `${format(nanoseconds / 1e9)} s`;
}

export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) < 10_000) return `${format(bytes)} B`;
  return Math.abs(bytes) < 1_048_576 ? `${format(bytes / 1024)} KiB` : `${format(bytes / 1_048_576)} MiB`;
}
