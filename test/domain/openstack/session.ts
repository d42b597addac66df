import { type OpenStackSession, openStackSession } from '../../../domain/openstack/session';
import {
  type Overrides,
  secretOf,
  siteOf,
  startCloud,
  type TestCloud,
} from '../../local/simulated-site/openstack/cloud';

/** A session with a simulated cloud that retries soon. */
export interface TestSession extends OpenStackSession {
  readonly cloud: TestCloud;
  end(): Promise<void>;
}

/** Starts a cloud and logs in as its site's document says, with changes. */
export async function startSession(
  overrides: Overrides = {},
  account: Record<string, string> = {},
): Promise<TestSession> {
  const cloud = await startCloud(siteOf('golden'), overrides);
  const { openstack } = cloud.site;
  const password = account['password'] ?? secretOf(openstack.password.ssm);
  const session = openStackSession(
    cloud.connect,
    { ...openstack, ...account, password: openstack.password },
    password,
    {
      retryDelaysMs: [5],
    },
  );
  return {
    ...session,
    cloud,
    end: async () => {
      session.close();
      await cloud.close();
    },
  };
}
