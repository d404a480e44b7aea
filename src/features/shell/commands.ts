import type { IconName } from "~/ui";

/** Something that the command palette can do. */
export interface PaletteCommand {
  /** Unique; a command of the same id takes the place of the earlier one. */
  id: string;
  title: string;
  /** The heading that it stands under. */
  group: string;
  icon?: IconName | undefined;
  /** The keys that do the same, such as "Ctrl+F"; shown only. */
  shortcut?: string | undefined;
  /** More words to find it by. */
  words?: string | undefined;
  run: () => void | Promise<void>;
}

/** A command as it is listed: everything but what it does. */
export type ListedCommand = Omit<PaletteCommand, "run">;

const registered = new Map<string, PaletteCommand>();

/**
 * Adds commands to the palette until the returned function is called; a screen calls it in a task
 * and hands the result to `cleanup`.
 */
export function registerCommands(commands: readonly PaletteCommand[]): () => void {
  for (const command of commands) registered.set(command.id, command);
  return () => {
    for (const command of commands) {
      if (registered.get(command.id) === command) registered.delete(command.id);
    }
  };
}

/** Every command there is now, in the order of registration. */
export function listedCommands(): ListedCommand[] {
  return [...registered.values()].map(({ run: _, ...listed }) => listed);
}

/** Does what a command does; nothing when it is gone meanwhile. */
export async function runCommand(id: string): Promise<void> {
  await registered.get(id)?.run();
}

/**
 * The commands whose title, group or words hold every typed word. Those whose title begins with
 * the text come first, then those where a word of the title begins with it; otherwise the order
 * stays. Groups stay together when nothing is typed.
 */
export function findCommands(commands: readonly ListedCommand[], typed: string): ListedCommand[] {
  const wanted = typed.trim().toLocaleLowerCase();
  if (wanted === "") return [...commands];
  const parts = wanted.split(/\s+/);
  const ranked = commands.flatMap((command) => {
    const title = command.title.toLocaleLowerCase();
    const all = `${title} ${command.group} ${command.words ?? ""}`.toLocaleLowerCase();
    if (!parts.every((part) => all.includes(part))) return [];
    const startsWord = title.split(/\s+/).some((word) => word.startsWith(wanted));
    const rank = title.startsWith(wanted) ? 0 : startsWord ? 1 : title.includes(wanted) ? 2 : 3;
    return [{ command, rank }];
  });
  return ranked.sort((one, other) => one.rank - other.rank).map(({ command }) => command);
}
