import { expect, it } from "vitest";
import { totalsOf, UploadQueue } from "./uploadQueue.ts";

function files(...keys: string[]) {
  return keys.map((key) => ({ file: new File(["12345"], key), key }));
}

async function settled(queue: UploadQueue): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = () => totalsOf(queue.snapshot()).unfinished === 0 && resolve();
    queue.subscribe(look);
    look();
  });
}

it("sends every file once, four at a time", async () => {
  const queue = new UploadQueue();
  queue.add(files("a", "b", "c", "d", "e", "f"));
  let running = 0;
  let most = 0;
  const sent: string[] = [];
  queue.start(async (task) => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    sent.push(task.key);
  });
  await settled(queue);
  expect(sent.sort()).toEqual(["a", "b", "c", "d", "e", "f"]);
  expect(most).toBe(4);
  expect(totalsOf(queue.snapshot())).toMatchObject({ succeeded: 6, sentBytes: 30 });
});

it("tries what failed again, and only that", async () => {
  const queue = new UploadQueue();
  queue.add(files("good", "bad"));
  const tries: string[] = [];
  let broken = true;
  queue.start(async (task) => {
    tries.push(task.key);
    if (task.key === "bad" && broken) throw new Error("the disk is full");
  });
  await settled(queue);
  expect(queue.snapshot().find((task) => task.key === "bad")).toMatchObject({
    state: "failed",
    error: "the disk is full",
  });
  broken = false;
  queue.retry();
  await settled(queue);
  expect(totalsOf(queue.snapshot()).succeeded).toBe(2);
  expect(tries).toEqual(["good", "bad", "bad"]);
});

it("cancels what runs and what waits", async () => {
  const queue = new UploadQueue();
  queue.add(files("a", "b", "c", "d", "e"));
  queue.start(
    (_task, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  queue.cancel();
  await settled(queue);
  expect(totalsOf(queue.snapshot())).toMatchObject({ cancelled: 5, succeeded: 0 });
});

it("a later file takes the place of a waiting one with the same key", () => {
  const queue = new UploadQueue();
  queue.add(files("a"));
  queue.add(files("a", "b"));
  expect(queue.snapshot().map((task) => task.key)).toEqual(["a", "b"]);
});
