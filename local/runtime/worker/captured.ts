// What the harness needs of the realm, taken before any function runs and before restrictRealm deletes what CloudFront
// lacks.

export const { parse: parseJson, stringify: formatJson } = JSON;
export const { construct, ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty, getPrototypeOf, setPrototypeOf } = Reflect;
export const RealDate = Date;
export const RealMap = Map;
export const later: (callback: () => void, delayMs: number) => unknown = setTimeout;
export const encoder = new TextEncoder();
export const decoder = new TextDecoder();
export const { defineProperties, hasOwn } = Object;
