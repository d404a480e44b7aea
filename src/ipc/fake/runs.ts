import type {
  AppError,
  Column,
  ColumnId,
  LiveRun,
  ModelStatus,
  RowId,
  RunCap,
  RunId,
  RunInfo,
  RunProgress,
  RunRequest,
  RunStatus,
} from "../bindings";
import { answerFor } from "./answers";
import { remoteOf } from "./backends";
import { markStale } from "./cells";
import { refuse } from "./failure";
import { holdOf, LOCKED, pay } from "./remote-run";
import type { FakeSheet } from "./sheet";
import { stand } from "./standing";
import { emptyInput, type InFlight, promptOf, type Work, workOf } from "./work";
import type { World } from "./world";

/** Rows that are generated at the same time. */
const PARALLEL_ROWS = 4;
const TICK_MS = 50;
/** How long loading the model takes, once. */
const LOADING_MS = 900;

/** What a run took. */
type Spent = Pick<RunProgress, "cost_usd" | "prompt_tokens" | "completion_tokens">;

/** Runs one column after another by a clock, and tells about it as the Rust side does. */
export class Runner {
  private works: Work[] = [];
  private timer: ReturnType<typeof setInterval> | null = null;
  private lastTickMs = 0;
  private loadedModel: string | null = null;
  private loadingSinceMs: number | null = null;
  /** The rows that ended runs did not come to. */
  private readonly left = new Map<RunId, RowId[]>();
  /** What ended runs took: it counts when they go on. */
  private readonly spent = new Map<RunId, Spent>();
  private readonly lookedAt = new Map<ColumnId, RowId[]>();

  constructor(private readonly world: World) {}

  live(): LiveRun[] {
    return this.works.map((work) => ({
      progress: { ...work.progress },
      status: work.info.status,
      sheet_name: work.sheet.info.name,
      column_name: work.column.name,
    }));
  }

  refuseBusy(sheet: FakeSheet, column: Column): void {
    if (!this.works.some((work) => work.sheet === sheet && work.column.id === column.id)) return;
    refuse(
      "conflict",
      `the column \`${column.name}\` is already being filled`,
      "wait for the run to end, or stop it first",
    );
  }

  /** Begins a run; it waits behind others, and behind those in `behind` in any case. */
  start(sheet: FakeSheet, id: ColumnId, request: RunRequest, behind: RunId[] = []): RunId {
    const work = this.begun(sheet, id, request, behind);
    if (request.priority === "now") this.works.unshift(work);
    else this.works.push(work);
    this.world.emit({ event: "run_progress", ...work.progress });
    this.wake();
    return work.info.id;
  }

  /** Does a whole run at once, for a sheet that is filled when the scene begins. */
  fillNow(sheet: FakeSheet, id: ColumnId, request: RunRequest): RunInfo {
    const work = this.begun(sheet, id, request, []);
    this.works.push(work);
    while (work.waiting.length > 0) {
      this.fill(work, 0);
      for (const each of work.inFlight) this.finish(work, each);
      work.inFlight = [];
    }
    const elapsed_ms = (1000 * work.info.rows_total) / this.world.rowsPerSecond;
    work.progress.elapsed_ms = elapsed_ms;
    work.info.started_at_ms = this.world.now() - elapsed_ms;
    this.end(work, "done");
    return work.info;
  }

  private begun(sheet: FakeSheet, id: ColumnId, request: RunRequest, behind: RunId[]): Work {
    this.refuseBusy(sheet, sheet.column(id));
    return workOf(this.world, sheet, id, request, behind);
  }

  /** Goes on with a run that was paused or interrupted. */
  resume(sheet: FakeSheet, run: RunId, cap: RunCap | null = null): RunId {
    const alive = this.find(run);
    if (alive) {
      if (alive.info.status === "paused") alive.info.status = "queued";
      this.wake();
      return run;
    }
    const info = sheet.runs.find((each) => each.id === run);
    if (!info) return refuse("not_found", `the sheet has no run ${run}`);
    if (!["paused", "interrupted", "failed"].includes(info.status)) {
      return refuse("conflict", `run ${run} is ${info.status}`, "start a new run instead");
    }
    const done = { done: info.rows_done, failed: info.rows_failed, total: info.rows_total };
    sheet.runs = sheet.runs.filter((each) => each !== info);
    this.world.unfinished = this.world.unfinished.filter((each) => each.run.id !== run);
    // A run that was filled at once left no rows, and is told as interrupted all the same.
    const left = this.left.get(run);
    this.start(sheet, info.column, left?.length ? { rows: "these", ids: left } : { rows: "empty" });
    const work = this.works.find((each) => each.column.id === info.column && each.sheet === sheet);
    if (!work) return run;
    work.info.id = run;
    work.info.request = cap === null ? info.request : { ...info.request, cap };
    work.info.rows_total = done.total;
    work.progress = { ...work.progress, run, rows_total: done.total };
    work.progress.rows_before = done.done + done.failed;
    work.progress.rows_done = done.done;
    work.progress.rows_failed = done.failed;
    const spent = this.spent.get(run);
    if (spent) {
      Object.assign(work.progress, spent);
      work.paidTokens = { ...spent };
    }
    return run;
  }

  pause(run: RunId): boolean {
    return this.stop(run, "paused");
  }

  /** Pauses what asks backends for a sheet that was locked. */
  pauseRemote(sheet: FakeSheet): void {
    for (const work of this.works.filter((one) => one.sheet === sheet)) {
      if (remoteOf(this.world, work.model) !== null) this.end(work, "paused", LOCKED);
    }
  }

  cancel(sheet: FakeSheet, run: RunId): void {
    this.world.unfinished = this.world.unfinished.filter((each) => each.run.id !== run);
    if (this.stop(run, "cancelled")) return;
    const info = sheet.runs.find((each) => each.id === run);
    if (!info) refuse("not_found", `the sheet has no run ${run}`);
    else if (["paused", "interrupted"].includes(info.status)) info.status = "cancelled";
  }

  /** Rows in view go first. */
  lookAt(column: ColumnId, rows: RowId[]): boolean {
    this.lookedAt.set(column, rows);
    return this.works.some((work) => work.column.id === column);
  }

  unload(): void {
    if (!this.works.some((work) => work.info.status === "running")) this.letGo();
  }

  private letGo(): void {
    if (this.loadedModel !== null) stand(this.world, this.loadedModel, "downloaded");
    this.loadedModel = null;
  }

  private find(run: RunId): Work | undefined {
    return this.works.find((work) => work.info.id === run);
  }

  private stop(run: RunId, status: RunStatus): boolean {
    const work = this.find(run);
    if (!work) return false;
    this.end(work, status);
    return true;
  }

  private wake(): void {
    if (this.timer !== null) return;
    this.lastTickMs = performance.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  private tick(): void {
    const nowMs = performance.now();
    const passedMs = nowMs - this.lastTickMs;
    this.lastTickMs = nowMs;
    const alive = (id: RunId) => this.find(id) !== undefined;
    const work = this.works.find((each) => !each.behind.some(alive));
    if (!work) {
      if (this.timer !== null) clearInterval(this.timer);
      this.timer = null;
      return;
    }
    if (!this.isLoaded(work.model, nowMs)) return;
    this.begin(work);
    const hold = holdOf(this.world, work, nowMs);
    if (hold !== null) {
      if (hold === "waits") this.world.emit({ event: "run_progress", ...work.progress });
      else this.end(work, "failed", hold);
      return;
    }
    work.activeMs += passedMs;
    work.progress.elapsed_ms = Math.round(work.activeMs);
    this.fill(work, nowMs);
    this.generate(work, nowMs);
    if (this.works.includes(work)) {
      this.world.emit({ event: "run_progress", ...work.progress });
    }
    if (!this.works.includes(work)) return;
    if (work.waiting.length === 0 && work.inFlight.length === 0) this.end(work, "done");
  }

  private isLoaded(model: string, nowMs: number): boolean {
    if (remoteOf(this.world, model) !== null) return true;
    if (this.loadedModel === model) return true;
    if (this.loadingSinceMs === null) {
      this.letGo();
      this.loadingSinceMs = nowMs;
      stand(this.world, model, "loading");
    }
    const fraction = Math.min(1, (nowMs - this.loadingSinceMs) / LOADING_MS);
    this.world.emit({ event: "model_loading", model, fraction });
    if (fraction < 1) return false;
    this.loadedModel = model;
    this.loadingSinceMs = null;
    stand(this.world, model, "ready");
    return true;
  }

  /** One run works; the others wait for it. */
  private begin(work: Work): void {
    for (const each of this.works) {
      if (each !== work && each.info.status === "running") each.info.status = "queued";
    }
    work.info.status = "running";
    this.tellOf(work, "running");
  }

  /** What the model that is in memory does, told once. */
  private tellOf({ model }: Work, status: ModelStatus): void {
    const file = this.world.models.find((one) => one.name === model);
    const isNews = file !== undefined && file.status !== status;
    if (isNews && this.loadedModel === model) stand(this.world, model, status);
  }

  private fill(work: Work, nowMs: number): void {
    while (work.inFlight.length < PARALLEL_ROWS && work.waiting.length > 0) {
      const seen = this.lookedAt.get(work.column.id) ?? [];
      const first = Math.max(
        0,
        work.waiting.findIndex((row) => seen.includes(row)),
      );
      const [row] = work.waiting.splice(first, 1);
      if (row === undefined) return;
      if (work.sheet.positionOf(row) < 0) continue;
      const entries = work.sheet.entries.get(work.column.id)?.get(row) ?? [];
      const attempt = entries.filter((entry) => entry.state === "failed").length;
      const { sheet, column, recipe, examples } = work;
      const messages = promptOf(sheet, column, recipe, row, examples);
      const answer = answerFor(recipe, work.model, messages, row, attempt);
      work.inFlight.push({ row, answer, sent: 0, startedMs: nowMs, messages });
      this.announce(work, row, "running");
    }
  }

  private announce(work: Work, row: RowId, state: "running"): void {
    const { value, confidence } = work.sheet.cell(row, work.column);
    const cell = { sheet: work.sheet.info.id, column: work.column.id, row, state, value };
    this.world.emit({ event: "cell_done", ...cell, error: null, confidence });
  }

  private generate(work: Work, nowMs: number): void {
    const durationMs = (PARALLEL_ROWS * 1000) / this.world.rowsPerSecond;
    const open: InFlight[] = [];
    for (const each of work.inFlight) {
      const { pieces } = each.answer;
      const fraction = Math.min(1, (nowMs - each.startedMs) / durationMs);
      const due = Math.floor(fraction * pieces.length);
      const text = pieces.slice(each.sent, due).join("");
      each.sent = due;
      if (text !== "") {
        const cell = { sheet: work.sheet.info.id, column: work.column.id, row: each.row };
        this.world.emit({ event: "cell_delta", ...cell, text });
      }
      if (fraction < 1) open.push(each);
      else this.finish(work, each);
    }
    work.inFlight = open;
    const limit = pay(this.world, work);
    if (limit !== null) this.end(work, "paused", limit);
  }

  private finish(work: Work, { row, answer, messages }: InFlight): void {
    const { sheet, column, info, progress } = work;
    const before = sheet.cell(row, column);
    const asked = messages.at(-1)?.content ?? "";
    const error = emptyInput(sheet, work.recipe, row) ?? answer.error;
    const state = error ? "failed" : "done";
    const value = error ? before.value : answer.value;
    const confidence = error ? null : answer.figures.confidence;
    const cell = { value, state, error: error?.message ?? null, confidence } as const;
    sheet.putCell(row, column.id, { ...cell, recipe_version: info.recipe_version }, work.step);
    sheet.log(row, column.id, {
      state,
      value: error ? null : value,
      step: work.step.info.id,
      run: info.id,
      recipe_version: info.recipe_version,
      error,
      reasoning: answer.reasoning,
      figures: answer.figures,
      messages,
    });
    markStale(sheet, column, row);
    // What rows say alike is computed with the first of them.
    const isFirst = progress.rows_done + progress.rows_failed === 0;
    const shared = isFirst ? 0 : Math.ceil((messages[0]?.content.length ?? 0) / 4);
    progress.shared_tokens = (progress.shared_tokens ?? 0) + shared;
    if (error) progress.rows_failed += 1;
    else progress.rows_done += 1;
    progress.prompt_tokens += answer.figures.prompt_tokens;
    progress.completion_tokens += answer.figures.completion_tokens;
    info.rows_done = progress.rows_done;
    info.rows_failed = progress.rows_failed;
    this.world.cache.responses += error ? 0 : 1;
    this.world.cache.bytes += error ? 0 : 180 + asked.length;
    this.world.emit({
      event: "cell_done",
      sheet: sheet.info.id,
      column: column.id,
      row,
      state,
      value,
      error,
      confidence,
    });
  }

  private end(work: Work, status: RunStatus, error: AppError | null = null): void {
    const { cost_usd = null, prompt_tokens, completion_tokens } = work.progress;
    this.spent.set(work.info.id, { cost_usd, prompt_tokens, completion_tokens });
    work.info.error = error?.message ?? null;
    this.works = this.works.filter((each) => each !== work);
    this.tellOf(work, "ready");
    this.left.set(work.info.id, [...work.inFlight.map((each) => each.row), ...work.waiting]);
    work.info.status = status;
    work.info.ended_at_ms = this.world.now();
    work.sheet.info.changed_at_ms = this.world.now();
    for (const { row } of work.inFlight) {
      const { value, state, confidence } = work.sheet.cell(row, work.column);
      const cell = { sheet: work.sheet.info.id, column: work.column.id, row, value, confidence };
      this.world.emit({ event: "cell_done", ...cell, state: state ?? "empty", error: null });
    }
    if (status === "paused") {
      const { info, column, sheet } = work;
      const entry = { sheet: sheet.info, column_name: column.name, run: info };
      this.world.unfinished = [...this.world.unfinished, entry];
    }
    this.world.emit({
      event: "run_ended",
      sheet: work.sheet.info.id,
      run: work.info.id,
      status,
      progress: { ...work.progress },
      error,
    });
  }
}
