import { isFinished } from "../../../local/host/durable/loaded-instance.ts";
import type { HistoryRow, InstanceRow } from "../../../local/host/durable/storage.ts";
import type { World } from "../world.ts";

/** Everything scheduled has a number of its own and ends once, and nothing ends that was not scheduled. */
export function checkHistory(world: World, instance: InstanceRow, rows: readonly HistoryRow[]): void {
  const open = new Set<number>();
  const activities = new Set<number>();
  const known = new Set<number>();
  let starts = 0;
  for (const { text } of rows) {
    const { EventType: type, EventId: id, TaskScheduledId: task, TimerId: timer } = JSON.parse(text) as Record<string, number>;
    if (type === 0) starts++;
    if ((type === 4 || type === 7 || type === 10) && id !== undefined) {
      if (known.has(id)) world.violated("history-whole", `${instance.id} scheduled task ${id} twice`);
      known.add(id);
      open.add(id);
      if (type === 4) activities.add(id);
    }
    const ended = type === 11 ? timer : type === 5 || type === 6 || type === 8 || type === 9 ? task : undefined;
    if (ended === undefined) continue;
    if (!known.has(ended)) world.violated("history-whole", `${instance.id}: task ${ended} ended and was never scheduled`);
    else if (!open.delete(ended)) world.violated("history-whole", `${instance.id}: task ${ended} ended twice`);
  }
  const unheard = [...open].filter((id) => activities.has(id));
  if (isFinished(instance.status) && unheard.length > 0)
    world.violated("history-whole", `${instance.id} ended, and its activities ${unheard.join(", ")} never did`);
  if (starts !== 1) world.violated("history-whole", `${instance.id} was started ${starts} times in one history`);
}
