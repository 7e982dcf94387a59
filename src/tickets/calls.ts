// The seven calls of Docker's remote IPAM driver and the one that activates a plugin, as they are once they have been
// read.

export interface Requests {
  readonly 'Plugin.Activate': object;
  readonly 'IpamDriver.GetCapabilities': object;
  readonly 'IpamDriver.GetDefaultAddressSpaces': object;
  readonly 'IpamDriver.RequestPool': PoolRequest;
  readonly 'IpamDriver.ReleasePool': { readonly PoolID: string };
  readonly 'IpamDriver.RequestAddress': AddressRequest;
  readonly 'IpamDriver.ReleaseAddress': { readonly PoolID: string; readonly Address: string };
}

/** An empty text stands for what Docker left out. */
export interface PoolRequest {
  readonly AddressSpace: string;
  readonly Pool: string;
  readonly SubPool: string;
  readonly Options: Readonly<Record<string, string>>;
  readonly V6: boolean;
}

export interface AddressRequest {
  readonly PoolID: string;
  readonly Address: string;
  readonly Options: Readonly<Record<string, string>>;
}

export type Call = keyof Requests;
export type RequestOf<C extends Call> = Requests[C];
