import { LOCAL_MLX } from "../../lib/model-names";
import type {
  AppError,
  Ask,
  Download,
  Event,
  FoundModel,
  Leftover,
  ModelFile,
  Settings,
  SheetId,
  TrashedSheet,
  UnfinishedRun,
} from "../bindings";
import type { FakeKey } from "./backends";
import { failure, refuse } from "./failure";
import { mlxStateOf } from "./mlx-events";
import { localMlx } from "./mlx-models";
import type { FakeSheet } from "./sheet";

/** A file that "is" on the make-believe disk. */
export interface DiskFile {
  path: string;
  sizeBytes: number;
  /** The text of the file, or the tables of a workbook. */
  content: { text: string } | { tables: Record<string, string> } | { unreadable: string };
}

/** What a scene is made of; commands change it. */
export class World {
  readonly sheets = new Map<SheetId, FakeSheet>();
  readonly trashed = new Map<SheetId, { sheet: FakeSheet; entry: TrashedSheet }>();
  readonly disk = new Map<string, DiskFile>();
  /** What was written by exports, by path. */
  readonly written = new Map<string, string>();
  models: ModelFile[] = [];
  /** Whether this is a Mac with Apple Silicon. */
  runsMlx = false;
  /** Newest first. */
  downloads: Download[] = [];
  /** What other apps have on this computer. */
  found: FoundModel[] = [];
  leftovers: Leftover[] = [];
  /** Models that something uses. */
  readonly busyModels = new Set<string>();
  /** Why the hub answers nothing. */
  hubProblem: AppError | null = null;
  /** The hub that is set. */
  hubEndpoint = "https://huggingface.co";
  /** How long each tenth of a copy of a model file takes. */
  copyPieceMs = 30;
  /** How fast a download is. */
  downloadBytesPerSecond = 60_000_000;
  unfinished: UnfinishedRun[] = [];
  cache = { responses: 0, bytes: 0, limit_bytes: 512 * 1024 * 1024 };
  /** The backends that have a key. */
  readonly keys = new Map<string, FakeKey>();
  /** Why keys last for the session only. */
  keyringProblem: string | null = null;
  /** Until when backends ask to wait, by `performance.now()`. */
  slowUntilMs = 0;
  slowedDown = 0;
  /** The clipboard of the system. */
  clipboard = "";
  /** What the next file dialogs answer; then they give the default. */
  picks: string[][] = [];
  savePath: string | null | undefined = undefined;
  /** Links that were opened in the browser, and paths shown in the file manager. */
  readonly opened: string[] = [];
  /** Failures that a test ordered: the next call of that command fails with it. */
  readonly ordered = new Map<string, AppError>();
  /** The sheet that the window opens with. */
  startSheet: SheetId | null = null;
  /** Rows that a run finishes in a second. */
  rowsPerSecond = 40;
  /** How long each stage of tuning a model takes. */
  tuneStageMs = 120;
  /** How long each piece of a large import takes. */
  importPieceMs = 120;
  private readonly live = new Set<string>();
  private readonly cancelled = new Set<string>();
  /** Ends the pause that a task is in. */
  private readonly wakes = new Map<string, () => void>();
  private outbox: Event[] = [];
  private lastId = 0;
  private send: ((events: Event[]) => void) | null = null;
  private sendAsk: ((ask: Ask) => void) | null = null;
  /** What was asked before anyone could hear it. */
  private unheard: Ask[] = [];

  constructor(
    public settings: Settings,
    readonly now: () => number = Date.now,
  ) {}

  /** A number that was never given before. */
  newId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  newSheetId(): SheetId {
    return `sheet-${String(this.newId()).padStart(4, "0")}`;
  }

  sheet(id: SheetId): FakeSheet {
    const found = this.sheets.get(id);
    return found ?? refuse("not_found", `there is no sheet \`${id}\``, "go home and open another");
  }

  /** The file of a model; the settings' model stands for an empty name. */
  model(name: string): ModelFile {
    const wanted = name === "" ? this.settings.model : name;
    if (wanted === LOCAL_MLX) return localMlx(this);
    const found = wanted === "" ? this.models[0] : this.models.find((file) => file.name === wanted);
    if (found) return found;
    const known = this.models.map((file) => `\`${file.name}\``).join(", ");
    return refuse(
      "model_missing",
      wanted === "" ? "there is no model yet" : `there is no model \`${wanted}\``,
      known === "" ? "get one under Models" : `the models are ${known}`,
    );
  }

  connect(send: (events: Event[]) => void, sendAsk: (ask: Ask) => void): void {
    this.send = send;
    this.sendAsk = sendAsk;
    const asks = this.unheard;
    this.unheard = [];
    for (const ask of asks) sendAsk(ask);
  }

  /** Sends an event with the next batch; before anyone hears, it is gone. */
  emit(event: Event): void {
    if (this.send === null) return;
    if (this.outbox.length === 0) setTimeout(() => this.flush(), 33);
    this.outbox.push(event);
    const state = mlxStateOf(event);
    if (state !== null) this.outbox.push(state);
  }

  /** Asks something of the window, as soon as it hears. */
  ask(ask: Ask): void {
    if (this.sendAsk) this.sendAsk(ask);
    else this.unheard.push(ask);
  }

  private flush(): void {
    const batch = this.outbox;
    this.outbox = [];
    this.send?.(structuredClone(batch));
  }

  /** Works on something long that `cancelTask` can end; `pause` lets the page go on in between. */
  async task<T>(
    name: string,
    work: (pause: (ms?: number) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    this.live.add(name);
    const pause = async (ms = 0): Promise<void> => {
      await new Promise<void>((resolve) => {
        this.wakes.set(name, resolve);
        setTimeout(resolve, ms);
      });
      if (this.cancelled.has(name)) throw failure("cancelled", "this was stopped");
    };
    try {
      await pause();
      return await work(pause);
    } finally {
      this.live.delete(name);
      this.cancelled.delete(name);
      this.wakes.delete(name);
    }
  }

  cancelTask(name: string): boolean {
    if (!this.live.has(name)) return false;
    this.cancelled.add(name);
    this.wakes.get(name)?.();
    return true;
  }
}
