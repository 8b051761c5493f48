import { z } from 'zod';
import { Told } from './error-texts/error-text.ts';
import { CollectionId, ExportId, ImageId } from './ids.ts';

/** What a host can do, as data: the page never asks which host it runs on. */
const Capabilities = z.object({
  /** Native dialogs for folders and files are at hand; otherwise the user types or pastes a path. */
  canPickFolder: z.boolean(),
  /** Files can be shown in the system's file manager. */
  canRevealFiles: z.boolean(),
});

export const SystemInfo = z.object({
  version: z.string(),
  dataFolder: z.string(),
  logFile: z.string(),
  platform: z.string(),
  capabilities: Capabilities,
});
export type SystemInfo = z.infer<typeof SystemInfo>;

/** What a folder contains, for a dialog in which one is selected. */
export const FolderListing = z.object({
  path: z.string(),
  /** Null for the topmost folder. */
  parent: z.string().nullable(),
  home: z.string(),
  folders: z.array(z.string()),
  files: z.array(z.string()),
  /** Whether there is more than is listed. */
  isCut: z.boolean(),
});
export type FolderListing = z.infer<typeof FolderListing>;

/** What can be shown in the system's file manager: named by what it is, never by a path. */
export const RevealTarget = z.discriminatedUnion('what', [
  z.object({ what: z.literal('log') }),
  z.object({ what: z.literal('data-folder') }),
  z.object({ what: z.literal('collection'), id: CollectionId }),
  z.object({ what: z.literal('image'), id: ImageId }),
  z.object({ what: z.literal('export'), id: ExportId }),
]);
export type RevealTarget = z.infer<typeof RevealTarget>;

/** What the app occupies on disk. */
export const StorageUse = z.object({
  databaseBytes: z.number(),
  thumbnailBytes: z.number(),
  /** Pixels of images, their superpixels and features. */
  decodedBytes: z.number(),
  /** What segmentations have learned. */
  learnedBytes: z.number(),
  /** Free space of the disk with the data folder; null where it cannot be read. */
  freeBytes: z.number().nullable(),
});
export type StorageUse = z.infer<typeof StorageUse>;

/** One way of computing on this machine, compared with the CPU on everything that training computes. */
export const Device = z.object({
  id: z.string(),
  engine: z.enum(['onnx', 'tfjs', 'torch']),
  /** With the GPU's own name, where the system gives it. */
  name: z.string(),
  /** A GPU that a program imitates on the CPU: never the default. */
  isSoftware: z.boolean(),
  isAvailable: z.boolean(),
  /** Whether jobs run on it by default: the fastest one available. */
  isDefault: z.boolean(),
  /** Null if the device does not report it. */
  memoryBytes: z.number().nullable(),
  /** Measured on a convolution, in 1e9 floating point operations a second; null for a missing device. */
  gflops: z.number().nullable(),
  /** How many of the operators of the comparison ran on the CPU instead, and which; null if none can. */
  onCpu: z
    .object({ count: z.number().int(), total: z.number().int(), operators: z.array(z.string()) })
    .nullable(),
  /** Why a missing device is missing, and what a person can do about it. */
  reason: z.string().nullable(),
  fix: z.string().nullable(),
  /** Name, reason and fix, for clients that speak another language. */
  texts: z.object({ name: Told, reason: Told.nullable(), fix: Told.nullable() }),
});
export type Device = z.infer<typeof Device>;

/** What a worker found out about native modules and devices. */
export const MachineProbe = z.object({
  modules: z.array(
    z.object({ name: z.string(), version: z.string().nullable(), problem: z.string().nullable() }),
  ),
  devices: z.array(Device),
});
export type MachineProbe = z.infer<typeof MachineProbe>;

const CheckStatus = z.enum(['ok', 'warning', 'failed']);

/** One finding of `r2o doctor`: what was tested, the result, and what to do if it failed. */
export const DoctorCheck = z.object({
  id: z.string(),
  title: z.string(),
  status: CheckStatus,
  detail: z.string(),
  fix: z.string().nullable(),
  /** For clients that speak another language. */
  texts: z.object({ title: Told, detail: Told, fix: Told.nullable() }),
});
export type DoctorCheck = z.infer<typeof DoctorCheck>;
