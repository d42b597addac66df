import { failure, type Program } from './program';

/** ss -ltnp, as iproute2 6.1 prints it; only root sees the processes of others. */
export const ss: Program = ({ arguments: given, controller, namespace, who }) => {
  if (given.join(' ') !== '-ltnp') return failure('Usage: ss [ OPTIONS ]', 255);
  const lines = controller.listening(namespace).map(({ address, port, program }) => {
    const pid = controller.serving(program)?.pid;
    const users = who.user === 'root' && pid !== undefined ? ` users:(("${program}",pid=${pid},fd=5))` : '';
    return `LISTEN 0      128    ${`${address}:${port}`.padEnd(16)} 0.0.0.0:*${users}\n`;
  });
  return {
    exit: 0,
    stdout: `State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n${lines.join('')}`,
  };
};
