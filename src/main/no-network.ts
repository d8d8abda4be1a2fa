/**
 * Takes the network away from Chromium: the console is files of the package, and delivery is Node's. The page's policy
 * (console-protocol.ts) keeps it from asking for addresses, but does not know WebRTC, which would reach any.
 * May import: nothing.
 */

/**
 * Chromium's switches for it, to be set before Electron is ready.
 * @param devServer address of the development server, which stays in reach; null in every build.
 */
export function switchesAgainstNetwork(devServer: string | null): [name: string, value: string][] {
  const except = devServer === null ? '' : `, EXCLUDE ${new URL(devServer).hostname}`;
  return [
    // No name and no address can be resolved; what is left of TCP ends here.
    ['host-resolver-rules', `MAP * ~NOTFOUND${except}`],
    // WebRTC sends to addresses without resolving them, but only by UDP.
    ['force-webrtc-ip-handling-policy', 'disable_non_proxied_udp'],
  ];
}
