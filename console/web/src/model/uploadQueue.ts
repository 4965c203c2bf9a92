/** Files on their way to a bucket: what state each is in, several at once, each cancelled or tried again by itself. */

import { messageOf } from "../api/errors.ts";

export type TaskState = "waiting" | "uploading" | "succeeded" | "failed" | "cancelled";

export interface Task {
  readonly id: number;
  readonly file: File;
  readonly key: string;
  readonly state: TaskState;
  readonly sentBytes: number;
  readonly error?: string | undefined;
}

export interface Totals {
  readonly files: number;
  readonly bytes: number;
  readonly sentBytes: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly unfinished: number;
}

export type Send = (task: Task, signal: AbortSignal, onProgress: (bytes: number) => void) => Promise<void>;

const FILES_AT_ONCE = 4;
const TELL_EVERY_MS = 150;

export class UploadQueue {
  private tasks: Task[] = [];
  private readonly running = new Map<number, AbortController>();
  private readonly listeners = new Set<() => void>();
  private nextId = 1;
  private shown: readonly Task[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private send: Send | undefined;

  /** Add files to be sent; a later file with the same key takes the earlier's place. */
  add(files: readonly { file: File; key: string }[]): void {
    const keys = new Set(files.map((each) => each.key));
    this.tasks = this.tasks.filter((task) => task.state !== "waiting" || !keys.has(task.key));
    for (const { file, key } of files) {
      this.tasks.push({ id: this.nextId++, file, key, state: "waiting", sentBytes: 0 });
    }
    this.tell(true);
  }

  remove(ids: ReadonlySet<number>): void {
    this.tasks = this.tasks.filter((task) => !ids.has(task.id) || task.state === "uploading");
    this.tell(true);
  }

  /** Begin sending what waits; goes on until nothing does. */
  start(send: Send): void {
    this.send = send;
    this.fill();
  }

  cancel(ids?: ReadonlySet<number>): void {
    for (const task of this.tasks) {
      if (ids && !ids.has(task.id)) continue;
      if (task.state === "waiting") this.change(task.id, { state: "cancelled" });
      this.running.get(task.id)?.abort();
    }
    this.tell(true);
  }

  /** Send again what failed or was cancelled. */
  retry(): void {
    for (const task of this.tasks) {
      if (task.state === "failed" || task.state === "cancelled") {
        this.change(task.id, { state: "waiting", sentBytes: 0, error: undefined });
      }
    }
    this.fill();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): readonly Task[] => this.shown;

  private fill(): void {
    const { send } = this;
    if (!send) return;
    for (const task of this.tasks) {
      if (this.running.size >= FILES_AT_ONCE) break;
      if (task.state === "waiting") void this.run(task, send);
    }
    this.tell(true);
  }

  private async run(task: Task, send: Send): Promise<void> {
    const controller = new AbortController();
    this.running.set(task.id, controller);
    this.change(task.id, { state: "uploading" });
    try {
      await send(task, controller.signal, (sentBytes) => {
        this.change(task.id, { sentBytes });
        this.tell(false);
      });
      this.change(task.id, { state: "succeeded", sentBytes: task.file.size });
    } catch (error) {
      const cancelled = controller.signal.aborted;
      this.change(task.id, cancelled ? { state: "cancelled" } : { state: "failed", error: messageOf(error) });
    }
    this.running.delete(task.id);
    this.fill();
  }

  private change(id: number, part: Partial<Task>): void {
    this.tasks = this.tasks.map((task) => (task.id === id ? { ...task, ...part } : task));
  }

  /** Progress comes often: listeners hear of it a few times a second, of everything else at once. */
  private tell(now: boolean): void {
    if (!now) {
      this.timer ??= setTimeout(() => this.tell(true), TELL_EVERY_MS);
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    this.shown = this.tasks;
    for (const listener of this.listeners) listener();
  }
}

export function totalsOf(tasks: readonly Task[]): Totals {
  const totals = { files: 0, bytes: 0, sentBytes: 0, succeeded: 0, failed: 0, cancelled: 0, unfinished: 0 };
  for (const task of tasks) {
    totals.files += 1;
    totals.bytes += task.file.size;
    totals.sentBytes += task.sentBytes;
    if (task.state === "waiting" || task.state === "uploading") totals.unfinished += 1;
    else totals[task.state] += 1;
  }
  return totals;
}
