import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../../src-main/contract/errors.ts';
import { importEncoder } from '../../../../src-main/core/weights/import-encoder.ts';
import { openWeights } from '../../../../src-main/core/weights/open-weights.ts';
import { toFloat32 } from '../../../../src-main/core/weights/stored-tensor.ts';
import { goldenPath, readGoldenJson } from '../../../support/golden.ts';
import { missingPython, runPython } from '../../../support/python.ts';
import { relativeError } from '../../../support/relative-error.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { goldenEncoder, TINY_SPEC } from '../../../support/tiny-checkpoint.ts';

const golden = (name: string) => goldenPath('files', name);
const drawn = goldenEncoder(TINY_SPEC, 5);

async function refusalOf(path: string): Promise<string> {
  try {
    await importEncoder(path);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${error.code} ${error.message}`;
  }
}

/** A file with the given bytes. */
function fileOf(bytes: Uint8Array | string): string {
  const path = join(tempFolder(), 'weights.pth');
  writeFileSync(path, bytes);
  return path;
}

describe('a file of PyTorch', () => {
  test.each([
    ['tiny_tv_zip.pth', 'pytorch', '', 0],
    ['tiny_tv_legacy.pth', 'pytorch-legacy', '', 0],
    ['tiny_wrapped_zip.pth', 'pytorch', 'state_dict.module.', 0],
    // float16 keeps 11 significant bits.
    ['tiny_tv_half_zip.pth', 'pytorch', '', 2 ** -10],
    ['tiny_tv.safetensors', 'safetensors', '', 0],
    ['tiny_tv_bf16.safetensors', 'safetensors', '', 2 ** -7],
  ])('%s holds the encoder that was drawn', async (name, format, prefix, tolerance) => {
    const { encoder, record } = await importEncoder(golden(name));
    expect(record).toMatchObject({ fileFormat: format, layout: 'torchvision', prefix });
    expect(encoder.spec).toEqual(TINY_SPEC);
    expect(Object.keys(encoder.weights).toSorted()).toEqual(Object.keys(drawn.weights).toSorted());
    for (const [key, expected] of Object.entries(drawn.weights)) {
      expect(relativeError(encoder.weights[key], expected), key).toBeLessThanOrEqual(tolerance);
    }
  });

  test("that R2O's own code saved has its online encoder taken", async () => {
    const path = golden('tiny_official_ckpt.pth.tar');
    const { encoder, record } = await importEncoder(path);
    expect(record).toMatchObject({
      layout: 'r2o-original',
      prefix: 'model.module.online_network.encoder.',
    });
    expect(encoder.spec).toEqual(TINY_SPEC);
    // test/golden/fixtures/files/files.json: statistics of some tensors, as PyTorch measured them.
    const { official_check } = readGoldenJson('files/files.json') as {
      official_check: Record<string, { shape: number[]; l2: number; abssum: number; first: number[] }>;
    };
    await using file = await openWeights(path);
    expect(Object.keys(official_check).length).toBeGreaterThan(5);
    for (const [name, { shape, l2, abssum, first }] of Object.entries(official_check)) {
      const stored = await file.read(`model.${name}`);
      const data = toFloat32(stored);
      expect([name, stored.shape]).toEqual([name, shape]);
      expect([...data.subarray(0, first.length)]).toEqual(first);
      expect(Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0)) / l2).toBeCloseTo(1, 12);
      expect(data.reduce((sum, value) => sum + Math.abs(value), 0) / abssum).toBeCloseTo(1, 12);
    }
    const target = await importEncoder(path, 'model.module.target_network.encoder.');
    expect(target.encoder.weights['conv1.weight']).not.toEqual(encoder.weights['conv1.weight']);
  });

  test('may hold views of any kind and of every type', async () => {
    await using file = await openWeights(golden('odd_tensors_zip.pth'));
    const floats = async (name: string) => [...toFloat32(await file.read(name))];
    const column = (row: number) => [0, 6, 12, 18].map((start) => start + row);
    expect((await file.read('t')).shape).toEqual([6, 4]);
    expect(await floats('t')).toEqual([0, 1, 2, 3, 4, 5].flatMap(column));
    expect(await floats('tail')).toEqual([20, 21, 22, 23]);
    expect(await floats('bf16')).toEqual([1.5, -2.25]);
    expect(await floats('scalar')).toEqual([3.5]);
    expect(await floats('param')).toEqual([1, 1]);
    expect((await file.read('empty')).shape).toEqual([0, 3]);
    expect([...(await file.read('bool')).bytes]).toEqual([1, 0]);
    const integers = new BigInt64Array((await file.read('i64')).bytes.buffer);
    expect([...integers]).toEqual([1n, -2n, 1_099_511_627_776n]);
  });

  test('that is cut off anywhere is refused', async () => {
    for (const name of ['tiny_tv_zip.pth', 'tiny_tv_legacy.pth']) {
      const whole = readFileSync(golden(name));
      for (let part = 0; part < 1; part += 0.07) {
        const refusal = await refusalOf(fileOf(whole.subarray(0, Math.floor(part * whole.length))));
        expect(refusal).toMatch(/^WEIGHTS_(DAMAGED|UNSUPPORTED) weights.pth: /);
      }
    }
  });

  test('with bytes changed is read or refused, and no bug shows', async () => {
    const path = join(tempFolder(), 'weights.pth');
    for (const name of ['tiny_tv_zip.pth', 'tiny_tv_legacy.pth']) {
      const whole = readFileSync(golden(name));
      const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
        minLength: 1,
        maxLength: 20,
      });
      await fc.assert(
        fc.asyncProperty(changes, async (pairs) => {
          const changed = Uint8Array.from(whole);
          for (const [at, byte] of pairs) changed[at] = byte;
          writeFileSync(path, changed);
          expect(await refusalOf(path)).toMatch(/^accepted|^WEIGHTS_/);
        }),
        { numRuns: 200, seed: 7 },
      );
    }
  });
});

describe('a hostile file is refused:', () => {
  /** Files that Python makes, one a line of the script's table. */
  const SCRIPT = `
import torch, sys, os, zipfile, io, pickle, collections
T = torch.Tensor
def net():
    g = torch.Generator().manual_seed(1)
    d = collections.OrderedDict()
    def bn(n, c):
        d[n+'.weight'] = torch.ones(c); d[n+'.bias'] = torch.zeros(c)
        d[n+'.running_mean'] = torch.zeros(c); d[n+'.running_var'] = torch.ones(c)
    d['conv1.weight'] = torch.randn(4, 3, 7, 7, generator=g); bn('bn1', 4)
    i = 4
    for s in range(1, 5):
        o = 4 * 2 ** (s - 1); p = 'layer%d.0.' % s
        d[p+'conv1.weight'] = torch.randn(o, i, 3, 3, generator=g); bn(p+'bn1', o)
        d[p+'conv2.weight'] = torch.randn(o, o, 3, 3, generator=g); bn(p+'bn2', o)
        if s > 1:
            d[p+'downsample.0.weight'] = torch.randn(o, i, 1, 1, generator=g); bn(p+'downsample.1', o)
        i = o
    return d
out = sys.argv[1]
def save(name, d, **k): torch.save(d, os.path.join(out, name), **k)
def rezip(name, f, method=zipfile.ZIP_STORED):
    b = io.BytesIO(); torch.save(net(), b); src = zipfile.ZipFile(b)
    with zipfile.ZipFile(os.path.join(out, name), 'w', method) as dst:
        for n in src.namelist():
            data = f(n, src.read(n))
            if data is not None: dst.writestr(n, data)
save('good', net())
d = net(); d['bn1.bias'][2] = float('nan'); save('nan', d)
d = net(); d['bn1.bias'] = torch.zeros(1).expand(4); save('expanded', d)
d = net(); d['conv1.weight'] = torch.zeros(1).expand(10**9, 3, 7, 7); save('huge', d)
d = net(); del d['layer2.0.bn2.running_var']; save('missing', d)
d = net(); d['layer4.0.conv2.weight'] = torch.zeros(32, 32, 1, 1); save('shape', d)
class Evil:
    def __reduce__(self): return (os.system, ('touch ' + os.path.join(out, 'ran'),))
d = net(); d['evil'] = Evil(); save('evil', d)
save('evil-legacy', d, _use_new_zipfile_serialization=False)
rezip('deflated', lambda n, x: x, zipfile.ZIP_DEFLATED)
rezip('no-storage', lambda n, x: None if n.endswith('data/0') else x)
rezip('short-storage', lambda n, x: x[:8] if n.endswith('data/0') else x)
rezip('big-endian', lambda n, x: x)
with zipfile.ZipFile(os.path.join(out, 'big-endian'), 'a') as z: z.writestr('archive/byteorder', 'big')
with zipfile.ZipFile(os.path.join(out, 'photos'), 'w') as z: z.writestr('a.txt', 'hello')
torch.jit.script(torch.nn.Linear(2, 2)).save(os.path.join(out, 'script'))
d = {k: v.numpy() for k, v in net().items()}
open(os.path.join(out, 'numpy'), 'wb').write(pickle.dumps({'model': d, '__author__': 'me'}))
open(os.path.join(out, 'numpy-2'), 'wb').write(pickle.dumps({'model': d}, 2))
class M(torch.nn.Module):
    def __init__(self):
        super().__init__(); self.conv1 = torch.nn.Conv2d(3, 4, 7, bias=False)
        self.layer1 = torch.nn.Sequential(torch.nn.Module()); self.layer1[0].conv1 = torch.nn.Conv2d(4, 4, 3, bias=False)
save('module', M())
save('parameters', {'state_dict': {k: torch.nn.Parameter(v) for k, v in net().items()}, 'epoch': 3})
`;

  const missing = missingPython('torch');
  const made = () => {
    const folder = tempFolder();
    runPython(SCRIPT, folder);
    return (name: string) => join(folder, name);
  };

  test('whatever it tries, by name, and nothing in it runs', { tags: ['tools'] }, async ({ skip }) => {
    if (missing) skip(missing);
    const file = made();
    const cases: [string, string][] = [
      ['nan', `WEIGHTS_DAMAGED nan: 'bn1.bias' contains NaN at element 2`],
      ['expanded', `WEIGHTS_DAMAGED expanded: tensor 'bn1.bias': it has more elements than its storage`],
      ['huge', `WEIGHTS_DAMAGED huge: tensor 'conv1.weight': it has more elements than its storage`],
      ['missing', `there is no tensor 'layer2.0.bn2.running_var' of [8]`],
      ['shape', `'layer4.0.conv2.weight' is [32, 32, 1, 1] instead of [32, 32, 3, 3]`],
      ['evil', 'it names posix.system, which lets a file take over the computer'],
      ['evil-legacy', 'it names posix.system, which lets a file take over the computer'],
      ['deflated', 'is compressed, which PyTorch never does'],
      ['no-storage', `it does not contain the storage 'archive/data/0'`],
      ['short-storage', `'archive/data/0' has 8 bytes, not 2352`],
      ['big-endian', `its numbers are in 'big' order`],
      ['photos', 'it is a ZIP archive, but not one from PyTorch'],
      ['script', 'it is a TorchScript program'],
    ];
    for (const [name, message] of cases) expect(await refusalOf(file(name))).toContain(message);
    expect(() => readFileSync(file('ran'))).toThrow('ENOENT');
  });

  test('but sound files of each kind are read', { tags: ['tools'] }, async ({ skip }) => {
    if (missing) skip(missing);
    const file = made();
    const { encoder } = await importEncoder(file('good'));
    for (const [name, format, prefix] of [
      ['numpy', 'pickle', 'model.'],
      ['numpy-2', 'pickle', 'model.'],
      ['parameters', 'pytorch', 'state_dict.'],
    ] as const) {
      const other = await importEncoder(file(name));
      expect(other.record).toMatchObject({ fileFormat: format, prefix });
      expect(other.encoder).toEqual(encoder);
    }
    await using module = await openWeights(file('module'));
    expect([...module.tensors.keys()].toSorted()).toEqual(['conv1.weight', 'layer1.0.conv1.weight']);
  });

  test.each([
    ['', 'it is empty'],
    ['version https://git-lfs.github.com/spec/v1\noid', 'a Git LFS pointer'],
    ['<!DOCTYPE html><html>', 'it is a web page'],
    ['hello', 'not a weights file'],
    [`PK\x03\x04${'x'.repeat(100)}`, 'a ZIP archive that is cut off: its end is missing'],
    [`${'\0'.repeat(257)}ustar${'\0'.repeat(200)}`, 'it is a tar archive'],
  ])('%j', async (text, message) => {
    expect(await refusalOf(fileOf(text))).toContain(message);
  });
});
