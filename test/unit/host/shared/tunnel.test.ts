import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { TunnelState } from '../../../../src-main/contract/remote.ts';
import { Tunnel } from '../../../../src-main/host/shared/tunnel.ts';
import { hasSshServer, SSH_TARGET, sshReason, SshServer } from '../../../support/ssh-server.ts';
import { listeningHttp } from '../../../support/listening-http.ts';

const text = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`)).text();

describe.skipIf(!hasSshServer)(`a tunnel by ssh${sshReason}`, () => {
  test('leads to a port of the other machine, opens again when it drops, and closes', async () => {
    const ssh = await SshServer.start();
    const remotePort = await listeningHttp('there');
    const states: TunnelState[] = [];
    const changes = new EventTarget();
    const tunnel = await Tunnel.open({
      ssh: SSH_TARGET,
      remotePort,
      localPort: null,
      command: ssh.command,
      onState: (state) => {
        states.push(state);
        changes.dispatchEvent(new Event(state.isOpen ? 'open' : 'closed'));
      },
    });
    onTestFinished(() => tunnel.close());
    expect(await text(tunnel.localPort)).toBe('there');

    const closed = once(changes, 'closed');
    await ssh.stop();
    await closed;
    await expect(text(tunnel.localPort)).rejects.toThrow();
    const open = once(changes, 'open');
    await ssh.start();
    await open;
    expect(await text(tunnel.localPort)).toBe('there');
    expect(states.at(0)).toEqual({ isOpen: true });
    expect(states.at(1)).toEqual({ isOpen: false, error: null });

    const { length } = states;
    tunnel.close();
    await expect.poll(() => text(tunnel.localPort).catch(() => 'closed')).toBe('closed');
    expect(states).toHaveLength(length);
  });

  test('takes another port if the one of the last time is in use', async () => {
    const ssh = await SshServer.start();
    const remotePort = await listeningHttp('there');
    const taken = createServer();
    await once(taken.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    using tunnel = await Tunnel.open({ ssh: SSH_TARGET, remotePort, localPort: port, command: ssh.command });
    expect(tunnel.localPort).not.toBe(port);
    expect(await text(tunnel.localPort)).toBe('there');
  });

  test('says in the words of ssh why it cannot be opened', async () => {
    const { command } = await SshServer.start();
    const open = (ssh: string, extra: string[] = []) =>
      Tunnel.open({
        ssh,
        remotePort: 1,
        localPort: null,
        command: [command[0], ...command.slice(1), ...extra],
      });
    await expect(open('nowhere.invalid')).rejects.toThrow(
      /tunnel to nowhere\.invalid could not be opened: .*nowhere/i,
    );
    await expect(open(SSH_TARGET, ['-o', 'PubkeyAuthentication=no'])).rejects.toThrow('Permission denied');
    await expect(open(SSH_TARGET, ['-o', 'UserKnownHostsFile=/dev/null'])).rejects.toThrow(
      'Host key verification failed',
    );
    await expect(
      Tunnel.open({ ssh: SSH_TARGET, remotePort: 1, localPort: null, command: ['no-such-ssh'] }),
    ).rejects.toThrow('ENOENT');
  });
});

test.each(['-oProxyCommand=touch /tmp/x', '', 'a b', ' there'])('%j is not passed to ssh', async (ssh) => {
  await expect(
    Tunnel.open({ ssh, remotePort: 1, localPort: null, command: ['no-such-ssh'] }),
  ).rejects.toThrow('is not the name of a machine for ssh');
});
