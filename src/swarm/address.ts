// Whether a text in Docker's JSON is an IP address at all. Its ordinal, and what subnet it is in, are the host's affair.

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;
const ALL_GROUPS = 8;

/** The address before a prefix length (`10.0.0.2/24` → `10.0.0.2`); undefined unless both are well formed. */
export function withoutPrefix(text: string): string | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return isAddress(text) ? text : undefined;
  const address = text.slice(0, slash);
  const prefix = text.slice(slash + 1);
  const longest = address.includes(':') ? 128 : 32;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > longest) return undefined;
  return isAddress(address) ? address : undefined;
}

/** Strict: no zone, no brackets, no leading zeros in IPv4. */
export function isAddress(text: string): boolean {
  return text.includes(':') ? isIPv6(text) : IPV4.test(text);
}

function isIPv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === '') {
      if (halves.length === 1) return false;
      continue;
    }
    const parts = half.split(':');
    for (const [n, part] of parts.entries()) {
      const last = index === halves.length - 1 && n === parts.length - 1;
      if (GROUP.test(part)) groups += 1;
      else if (last && IPV4.test(part)) groups += 2;
      else return false;
    }
  }
  return halves.length === 1 ? groups === ALL_GROUPS : groups < ALL_GROUPS;
}
