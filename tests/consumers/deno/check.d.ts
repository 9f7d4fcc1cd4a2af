export function check(api: object, bundle: () => Uint8Array): Promise<object>;
