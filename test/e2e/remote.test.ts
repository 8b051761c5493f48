import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { hasChromium, openContext, sharedChromium } from '../support/chromium.ts';
import { runCli, spawnCli, waitForOutput } from '../support/cli.ts';
import { hasSshServer, SSH_TARGET, sshReason, SshServer } from '../support/ssh-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** `r2o serve` on a data folder, once it serves. */
async function serve(data: string, port = '0') {
  const child = spawnCli(data, ['serve', '--port', port]);
  const text = await waitForOutput(child.stdout, /running at http:\/\/127\.0\.0\.1:\d+/);
  return { child, port: /127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? expect.fail(text) };
}

describe.skipIf(!hasSshServer || !hasChromium)(
  `another machine, of two data folders on this one${sshReason}`,
  () => {
    let browser: Browser;
    beforeAll(async () => void (browser = await sharedChromium()));

    test('is paired once, and its page is shown through a tunnel that may drop and a server that may restart', async () => {
      const ssh = await SshServer.start();
      const [there, here] = [join(tempFolder(), 'there'), join(tempFolder(), 'here')];
      const env = { PATH: `${ssh.binFolder}:${process.env.PATH ?? ''}` };
      const { child: server, port } = await serve(there);

      const paired = await runCli(there, 'pair', 'laptop', '--json');
      const { address } = z.object({ address: z.string() }).parse(JSON.parse(paired.stdout));
      const add = ['remote', 'add', 'workstation', address, '--ssh', SSH_TARGET];
      const adding = spawnCli(here, add, env);
      await waitForOutput(adding.stdout, /Paired with 'workstation'/);
      const again = await runCli(here, 'remote', 'add', 'other', address);
      expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('it was used') as string });
      expect((await runCli(there, 'paired')).stdout).toMatch(/laptop .* never/);

      const opened = spawnCli(here, ['remote', 'open', 'workstation'], env);
      const url = /http\S+/.exec(await waitForOutput(opened.stdout, /#ticket=\S+\n/))?.[0] ?? '';
      expect(new URL(url).port).not.toBe(port);
      const context = await openContext(browser, { locale: 'en-US' });
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.goto(url);
      await page.getByRole('heading', { name: 'Start with a folder of images' }).waitFor();

      const dropped = waitForOutput(opened.stderr, /tunnel to 'workstation' is closed/);
      await ssh.stop();
      await dropped;
      await page.getByRole('alert').getByText('nothing can be changed').waitFor();
      await ssh.start();
      await page.getByRole('alert').waitFor({ state: 'detached' });
      opened.kill('SIGINT');
      await new Promise((resolve) => opened.once('close', resolve));

      server.kill('SIGINT');
      await new Promise((resolve) => server.once('close', resolve));
      const unreachable = spawnCli(here, ['remote', 'open', 'workstation'], env);
      await waitForOutput(unreachable.stderr, /No R2O Studio answers/);
      await serve(there, port);
      const reopened = spawnCli(here, ['remote', 'open', 'workstation'], env);
      await waitForOutput(reopened.stdout, /#ticket=\S+\n/);

      expect(await runCli(there, 'paired', 'remove', 'laptop')).toMatchObject({ code: 0 });
      const refused = spawnCli(here, ['remote', 'open', 'workstation'], env);
      await waitForOutput(refused.stderr, /no longer paired/);
      expect((await runCli(here, 'remote', 'remove', 'workstation')).code).toBe(0);
      expect((await runCli(here, 'remote')).stdout).toContain('paired with no other one');
    });
  },
);
