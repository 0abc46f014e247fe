import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Decoded } from '../operation.ts';
import { ServiceError } from '../service-error.ts';

/** Refuses a viewer certificate that Create- and UpdateDistribution would refuse. What the certificate covers is not known here. */
export function checkCertificate(config: Decoded<DistributionConfig>, isUpdate: boolean): void {
  const certificate = config.ViewerCertificate ?? { CloudFrontDefaultCertificate: true };
  const { ACMCertificateArn: arn, IAMCertificateId: id, SSLSupportMethod: method, MinimumProtocolVersion: minimum } = certificate;
  const isDefault = certificate.CloudFrontDefaultCertificate === true;
  const own = [arn, id].filter((name) => name !== undefined && name !== '');
  const invalid = (message: string) => new ServiceError('InvalidViewerCertificate', message);
  if ((config.Aliases?.Items?.length ?? 0) > 0 && own.length === 0) throw invalid('aliases need a certificate of their own');
  if (own.length + Number(isDefault) !== 1)
    throw invalid("a viewer certificate is exactly one of CloudFront's default, an ACM certificate and an IAM certificate");
  if (isDefault) return;
  if (id === undefined && !/^arn:aws:acm:us-east-1:\d{12}:certificate\/[\w-]+$/.test(arn ?? ''))
    throw invalid(`${arn} is not the ARN of a certificate in us-east-1`);
  if (method === undefined) throw invalid('a certificate of your own needs SSLSupportMethod');
  // The model has an error of its own for this, but lists it for CreateDistribution alone.
  if (method === 'sni-only' && minimum === 'SSLv3')
    throw new ServiceError(
      isUpdate ? 'InvalidMinimumProtocolVersion' : 'InvalidProtocolSettings',
      'The parameter ViewerCertificate the specified distribution is configured for SNI and the Minimum SSL Protocol Version is specified as SSLv3. You cannot specify both.',
    );
  // DG DownloadDistValuesGeneral.html, "Security policy": legacy clients, whose connections carry no server name, get no newer minimum.
  if (method === 'vip' && minimum !== undefined && !['SSLv3', 'TLSv1'].includes(minimum))
    throw new ServiceError(
      'InvalidMinimumProtocolVersion',
      'The specified MinimumProtocolVersion cannot be used with the specified SSLSupportMethod',
    );
}
