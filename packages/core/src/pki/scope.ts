/**
 * Which certificates a list speaks for, when its issuing distribution point narrows it (RFC 5280 §5.2.5 and §6.3.3 b):
 * by kind of certificate, or by the name of a distribution point. Lists for some reasons only, for attribute certificates
 * and of other issuers' certificates speak for none here.
 */
import { boolean, constructedContext, context, type Fields, type Node, readDer, tag } from '../asn1/index.ts';
import { type Bytes, hex } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import type { Certificate } from './certificate.ts';
import type { Crl } from './crl.ts';
import { attributesOf, canonicalParts, nameParts } from './name.ts';
import { extensionOids } from './oids.ts';

/** Whether the list speaks for the certificate, whose issuer is the list's. Lists that are not narrowed speak for all. */
export function isInScope(crl: Crl, certificate: Certificate): boolean {
  const narrowed = crl.extensions.get(extensionOids.issuingDistributionPoint);
  if (!narrowed) return true;
  try {
    return covers(narrowed.value, crl.issuer, certificate);
  } catch (error) {
    // A scope that cannot be read includes nothing.
    if (error instanceof Malformed) return false;
    throw error;
  }
}

function covers(issuingPoint: Bytes, issuer: Bytes, certificate: Certificate): boolean {
  const fields = readDer(issuingPoint, 'issuingDistributionPoint').expect(tag.sequence).fields();
  const point = fields.optional('distributionPoint', constructedContext(0));
  const onlyUsers = flag(fields, 'onlyContainsUserCerts', context(1));
  const onlyIssuers = flag(fields, 'onlyContainsCACerts', context(2));
  const reasons = fields.optional('onlySomeReasons', context(3));
  const isIndirect = flag(fields, 'indirectCRL', context(4));
  const onlyAttributes = flag(fields, 'onlyContainsAttributeCerts', context(5));
  fields.end();
  if (reasons || isIndirect || onlyAttributes) return false;
  const isIssuer = certificate.basicConstraints?.ca === true;
  if ((onlyUsers && isIssuer) || (onlyIssuers && !isIssuer)) return false;
  if (!point) return true;
  const names = pointNames(point, issuer);
  return certificatePoints(certificate).some((name) => names.includes(name));
}

/** An IMPLICIT BOOLEAN DEFAULT FALSE. */
function flag(fields: Fields, name: string, octet: number): boolean {
  const node = fields.optional(name, octet);
  return node !== undefined && boolean(node, octet);
}

/** Names of the distribution points that a certificate gives, those of other issuers' lists aside. */
function certificatePoints({ extensions, issuer }: Certificate): readonly string[] {
  const points = extensions.get(extensionOids.crlDistributionPoints);
  if (!points) return [];
  return readDer(points.value, 'cRLDistributionPoints')
    .expect(tag.sequence)
    .children('point')
    .flatMap((point) => {
      const fields = point.expect(tag.sequence).fields();
      const name = fields.optional('distributionPoint', constructedContext(0));
      const reasons = fields.optional('reasons', context(1));
      const other = fields.optional('cRLIssuer', constructedContext(2));
      fields.end();
      return name && !reasons && !other ? pointNames(name, issuer) : [];
    });
}

/** DistributionPointName: full names, or one name below the issuer's. Directory names are compared as names are. */
function pointNames(point: Node, issuer: Bytes): readonly string[] {
  const fields = point.fields();
  const choice = fields.next('name');
  fields.end();
  if (choice.tag === constructedContext(1)) {
    return [canonicalParts([...nameParts(readDer(issuer, 'issuer')), attributesOf(choice)])];
  }
  return choice
    .expect(constructedContext(0))
    .children('name')
    .map((name) => {
      if (name.tag !== constructedContext(4)) return hex(name.raw);
      const [directory] = name.children();
      return directory ? canonicalParts(nameParts(directory)) : name.fail('is an empty directory name');
    });
}
