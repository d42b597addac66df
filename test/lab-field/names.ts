/**
 * The errors and findings that the cases of the field end with, by what is wrong. The tests ask for nothing else that a
 * refusal could be worded in.
 */
export const NAMES = {
  /** Something listens on the API's port on all addresses, the VIP's too: HAProxy could not start. */
  apiOnAllAddresses: 'ApiPortTaken',
  /** The document has the API listen on all addresses. */
  apiHost: 'ApiHostWildcard',
  /** The SSH user does not see the processes of others. */
  processesHidden: 'ProcessesHidden',
  /** Another section of HAProxy's configuration binds the VIP and the API's port. */
  sectionTwice: 'FragmentAddressTaken',
  /** HAProxy was not started with the directory of fragments. */
  fragmentsNotRead: 'FragmentDirectoryNotRead',
  /** Another program owns the rules of the firewall. */
  firewallOwned: 'FirewallOwnedByOther',
} as const;
