import {
  ConnectionMode,
  type DistributionConfig,
  GeoRestrictionType,
  HttpVersion,
  IpAddressType,
  ItemSelection,
  Method,
  MinimumProtocolVersion,
  OriginGroupSelectionCriteria,
  OriginProtocolPolicy,
  PriceClass,
  SSLSupportMethod,
  SslProtocol,
  ViewerProtocolPolicy,
} from '@aws-sdk/client-cloudfront';
import type { Decoded } from '../operation.ts';
import { ServiceError, type ServiceErrorCode } from '../service-error.ts';

interface Rule {
  values: readonly string[];
  code?: ServiceErrorCode;
}

/** Members of which the API model lists the values, by name: each name means the same wherever it is. A list's name stands for its items. */
const enums: Readonly<Record<string, Rule>> = {
  AllowedMethods: { values: Object.values(Method) },
  CachedMethods: { values: Object.values(Method) },
  ConnectionMode: { values: Object.values(ConnectionMode) },
  Forward: { values: Object.values(ItemSelection), code: 'InvalidForwardCookies' },
  HttpVersion: { values: Object.values(HttpVersion) },
  IpAddressType: { values: Object.values(IpAddressType) },
  MinimumProtocolVersion: { values: Object.values(MinimumProtocolVersion), code: 'InvalidMinimumProtocolVersion' },
  OriginProtocolPolicy: { values: Object.values(OriginProtocolPolicy) },
  OriginSslProtocols: { values: Object.values(SslProtocol) },
  PriceClass: { values: Object.values(PriceClass) },
  RestrictionType: { values: Object.values(GeoRestrictionType), code: 'InvalidGeoRestrictionParameter' },
  SelectionCriteria: { values: Object.values(OriginGroupSelectionCriteria) },
  SSLSupportMethod: { values: Object.values(SSLSupportMethod), code: 'InvalidViewerCertificate' },
  ViewerProtocolPolicy: { values: Object.values(ViewerProtocolPolicy) },
};

/** The field by which two items of a list are the same; lists of texts need none. Associations have their own rules for two on one event. */
const identities: Readonly<Record<string, string | undefined>> = {
  CacheBehaviors: 'PathPattern',
  CustomErrorResponses: 'ErrorCode',
  CustomHeaders: 'HeaderName',
  OriginGroups: 'Id',
  Origins: 'Id',
};
const caseless = ['Aliases', 'CustomHeaders', 'Headers'];
const duplicateCodes: Readonly<Record<string, ServiceErrorCode>> = { GeoRestriction: 'InvalidGeoRestrictionParameter' };

/** What holds for the whole config alike: Quantity is the number of Items, no item is there twice, and values are those of the API model. */
export function checkLists(config: Decoded<DistributionConfig>): void {
  walk(config, '', '');
}

function walk(value: unknown, name: string, path: string): void {
  if (typeof value === 'string') checkValue(value, name, path);
  if (Array.isArray(value)) for (const item of value) walk(item, name, path);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
  const fields = value as Record<string, unknown>;
  if (typeof fields['Quantity'] === 'number') checkList(fields['Quantity'], fields['Items'], name, path);
  for (const [field, inner] of Object.entries(fields)) {
    // Items have the name of their list, `AllowedMethods.Items` holds allowed methods.
    if (field === 'Items') walk(inner, name, path);
    else walk(inner, field, path === '' ? field : `${path}.${field}`);
  }
}

function checkValue(value: string, name: string, path: string): void {
  const rule = enums[name];
  if (rule === undefined || rule.values.includes(value)) return;
  throw new ServiceError(
    rule.code ?? 'InvalidArgument',
    `${path} is ${JSON.stringify(value)}, and must be one of ${rule.values.join(', ')}`,
  );
}

function checkList(quantity: number, value: unknown, name: string, path: string): void {
  const items: unknown[] = Array.isArray(value) ? value : [];
  if (quantity !== items.length)
    throw new ServiceError('InconsistentQuantities', `${path}.Quantity is ${quantity}, but there are ${items.length} items`);
  const seen = new Set<string>();
  for (const item of items) {
    const field = identities[name];
    if (typeof item === 'object' && field === undefined) continue;
    const id = String(field === undefined ? item : (item as Record<string, unknown>)[field]);
    const key = caseless.includes(name) ? id.toLowerCase() : id;
    if (seen.has(key)) throw new ServiceError(duplicateCodes[name] ?? 'InvalidArgument', `${path} has ${JSON.stringify(id)} twice`);
    seen.add(key);
  }
}
