import { type OpenStackSession, openStackSession } from '../../../domain/openstack/session';
import { QUIET_TURNS_OF_TLS, type VirtualClock, virtualClock } from '../../../local/virtual-clock';
import {
  type Overrides,
  secretOf,
  siteOf,
  startCloud,
  type TestCloud,
} from '../../local/simulated-site/openstack/cloud';

/** A session with a simulated cloud. */
export interface TestSession extends OpenStackSession {
  readonly cloud: TestCloud;
  /** Lets time pass until `work` is done. */
  readonly drive: VirtualClock['drive'];
  end(): Promise<void>;
}

/** Starts a cloud and logs in as its site's document says, with changes. */
export async function startSession(
  overrides: Overrides = {},
  account: Record<string, string> = {},
): Promise<TestSession> {
  const time = virtualClock(undefined, QUIET_TURNS_OF_TLS);
  const cloud = await startCloud(siteOf('golden'), overrides, time);
  const { openstack } = cloud.site;
  const session = openStackSession({
    connect: cloud.connect,
    clock: cloud.clock,
    account: { ...openstack, ...account, password: openstack.password },
    password: account['password'] ?? secretOf(openstack.password.ssm),
  });
  return {
    ...session,
    cloud,
    drive: (work) => time.drive(work),
    end: async () => {
      session.close();
      await cloud.close();
    },
  };
}
