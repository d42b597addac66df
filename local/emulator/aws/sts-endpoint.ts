import { HttpServer } from './http-server';
import { ACCOUNT } from './intrinsics';

/** The ARN of whoever signs with an access key: here a user of that name. */
export const arnOf = (accessKey: string) => `arn:aws:iam::${ACCOUNT}:user/${accessKey}`;

/**
 * An endpoint on loopback that answers GetCallerIdentity, all of the Security Token Service that operators use: in XML, as the service's
 * query protocol has it.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export function stsEndpoint(): HttpServer {
  return new HttpServer(({ caller }, response) => {
    const result = `<Arn>${arnOf(caller)}</Arn><UserId>${caller}</UserId><Account>${ACCOUNT}</Account>`;
    response
      .writeHead(200, { 'content-type': 'text/xml' })
      .end(
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
          `<GetCallerIdentityResult>${result}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
      );
  });
}
