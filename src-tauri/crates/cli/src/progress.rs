//! What a person sees while work goes on: a bar on a terminal, a line now and then in a log.

mod downloads;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use braincells_core::{
    ColumnId, DownloadId, Event, EventSink, OpeningNotice, RunProgress, TuneStage,
};
use indicatif::{FormattedDuration, HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use crate::money::dollars;
use crate::output::Output;

use downloads::Followed;

/// Lines in a log are at least this far apart.
const LINE_INTERVAL: Duration = Duration::from_secs(5);
/// How many different reasons of failed cells are counted one by one.
const REASONS: usize = 16;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A bar, redrawn in place.
    Bar,
    /// Lines, at most one in five seconds.
    Lines,
    /// Not at all.
    Hidden,
}

/// The [`EventSink`] of the command line.
pub struct Progress {
    output: Arc<Output>,
    style: Style,
    state: Mutex<State>,
}

struct State {
    /// What the bar on show is about.
    phase: Option<Phase>,
    titles: BTreeMap<ColumnId, String>,
    /// When the last line was said, or the program began: what is quick needs no line.
    last_line: Instant,
    reasons: BTreeMap<ColumnId, BTreeMap<String, u64>>,
    followed: Followed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Import,
    Load,
    Tune,
    Copy,
    Download,
    Run(ColumnId),
}

impl Progress {
    /// Shows progress in this style.
    pub fn new(output: Arc<Output>, style: Style) -> Self {
        let state = State {
            phase: None,
            titles: BTreeMap::new(),
            last_line: Instant::now(),
            reasons: BTreeMap::new(),
            followed: Followed::default(),
        };
        Self { output, style, state: Mutex::new(state) }
    }

    /// What the run of a column is called from now on.
    pub fn name_column(&self, column: ColumnId, title: &str) {
        if let Ok(mut state) = self.state.lock() {
            state.titles.insert(column, crate::text::cut(title, 24));
        }
    }

    /// Shows these downloads from now on, and no others.
    pub fn follow_downloads(&self, ids: &[DownloadId]) {
        if let Ok(mut state) = self.state.lock() {
            state.followed = Followed::new(ids);
        }
    }

    /// Why cells of a column failed, with how often, the commonest first.
    pub fn reasons(&self, column: ColumnId) -> Vec<(String, u64)> {
        let Ok(state) = self.state.lock() else { return Vec::new() };
        let mut reasons: Vec<(String, u64)> = state
            .reasons
            .get(&column)
            .into_iter()
            .flatten()
            .map(|(r, n)| (r.clone(), *n))
            .collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        reasons
    }

    /// Takes the bar away; the work is over, for now.
    pub fn clear(&self) {
        if let Ok(mut state) = self.state.lock() {
            state.phase = None;
        }
        self.output.hide_bar();
    }

    fn show(&self, event: &Event) {
        let Ok(mut state) = self.state.lock() else { return };
        match event {
            Event::ImportProgress { bytes_written } => {
                let text = format!("importing, {} written", HumanBytes(*bytes_written));
                self.step(&mut state, Phase::Import, 0, 0, &text);
            }
            Event::ModelLoading { model, fraction } => {
                let percent = (fraction.clamp(0.0, 1.0) * 100.0).round() as u64;
                let name = model.rsplit(['/', '\\']).next().unwrap_or(model);
                let text = format!("loading {}", crate::text::cut(name, 40));
                self.step(&mut state, Phase::Load, percent, 100, &text);
            }
            Event::ModelTuning { model, stage, quantisation, fraction } => {
                let percent = (fraction.clamp(0.0, 1.0) * 100.0).round() as u64;
                let text = tuning_text(model, *stage, quantisation.as_deref());
                self.step(&mut state, Phase::Tune, percent, 100, &text);
            }
            Event::ModelCopying { model, fraction } => {
                let percent = (fraction.clamp(0.0, 1.0) * 100.0).round() as u64;
                let text = format!("copying {}", crate::text::cut(model, 40));
                self.step(&mut state, Phase::Copy, percent, 100, &text);
            }
            Event::RunProgress(progress) => {
                let text = run_text(progress);
                let phase = Phase::Run(progress.column);
                self.step(&mut state, phase, progress.rows_ended(), progress.rows_total, &text);
            }
            Event::DownloadProgress(download) => {
                if state.followed.take_in(download) && !download.state.is_over() {
                    let (done, total) = state.followed.bytes();
                    let text = state.followed.text();
                    self.step(&mut state, Phase::Download, done, total, &text);
                }
            }
            Event::CellDelta { .. }
            | Event::CellDone { .. }
            | Event::ModelStatus { .. }
            | Event::ModelsChanged
            | Event::MlxModelStateChanged(_)
            | Event::EngineRestarted { .. }
            | Event::RunEnded { .. }
            | Event::SheetNotice { .. } => {}
        }
    }

    fn step(&self, state: &mut State, phase: Phase, position: u64, total: u64, text: &str) {
        let title = match phase {
            Phase::Run(column) => state.titles.get(&column).cloned().unwrap_or_default(),
            Phase::Download => state.followed.title(),
            Phase::Import | Phase::Load | Phase::Tune | Phase::Copy => String::new(),
        };
        match self.style {
            Style::Hidden => {}
            Style::Bar => {
                let known = self.output.current_bar().filter(|_| state.phase == Some(phase));
                let bar = known.unwrap_or_else(|| {
                    let bar = ProgressBar::hidden().with_style(bar_style(phase));
                    bar.set_prefix(title);
                    self.output.show_bar(bar.clone());
                    bar
                });
                bar.set_length(total);
                bar.set_position(position);
                bar.set_message(text.to_owned());
            }
            Style::Lines => {
                let now = Instant::now();
                if now - state.last_line >= LINE_INTERVAL {
                    state.last_line = now;
                    self.output.notice(&line(phase, &title, position, total, text));
                }
            }
        }
        state.phase = Some(phase);
    }
}

impl EventSink for Progress {
    fn emit(&self, event: Event) {
        // Unfinished text is of no use to a reader of lines; the cell comes when it is done.
        if !matches!(event, Event::CellDelta { .. }) {
            self.output.event(&event);
        }
        if let Event::SheetNotice { notice, .. } = &event
            && !self.output.manner().json
        {
            let line = notice.text(crate::commands::moment);
            match notice {
                // Nothing is lost by it.
                OpeningNotice::ReadOnly(_) => self.output.notice(&line),
                _ => self.output.warn(&line),
            }
        }
        if let Event::EngineRestarted { reason, .. } = &event
            && !self.output.manner().json
        {
            self.output.warn(&restarted(reason));
        }
        if let Event::CellDone { column, error: Some(error), .. } = &event
            && let Ok(mut state) = self.state.lock()
        {
            let reasons = state.reasons.entry(*column).or_default();
            if reasons.len() < REASONS || reasons.contains_key(&error.message) {
                *reasons.entry(error.message.clone()).or_default() += 1;
            }
        }
        if self.style != Style::Hidden {
            self.show(&event);
        }
    }
}

fn tuning_text(model: &str, stage: TuneStage, quantisation: Option<&str>) -> String {
    let copy = quantisation.unwrap_or_default();
    match stage {
        TuneStage::Original => format!("measuring {}", crate::text::cut(model, 40)),
        TuneStage::Writing => format!("writing {copy}"),
        TuneStage::Measuring => format!("measuring {copy}"),
        TuneStage::Comparing => format!("comparing {copy}"),
        TuneStage::Setup => "measuring how many rows at once are fastest".to_owned(),
    }
}

fn restarted(reason: &str) -> String {
    format!(
        "the engine's process ended and was started again, and its rows are asked again: {reason}"
    )
}

fn bar_style(phase: Phase) -> ProgressStyle {
    let template = match phase {
        Phase::Import => "{spinner} {msg}",
        Phase::Load | Phase::Tune | Phase::Copy => "{msg} {wide_bar} {percent:>3}%",
        Phase::Download => "{prefix} {wide_bar} {binary_bytes}/{binary_total_bytes}  {msg}",
        Phase::Run(_) => "{prefix} {wide_bar} {human_pos}/{human_len}  {msg}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn line(phase: Phase, title: &str, position: u64, total: u64, text: &str) -> String {
    match phase {
        Phase::Import => text.to_owned(),
        Phase::Load | Phase::Tune | Phase::Copy => format!("{text}, {position} %"),
        Phase::Download => {
            format!("{title}: {} of {}, {text}", HumanBytes(position), HumanBytes(total))
        }
        Phase::Run(_) => {
            format!("{title}: {} of {} rows, {text}", HumanCount(position), HumanCount(total))
        }
    }
}

/// Rate, time left, and failed rows and money if there are any. While the provider asks to wait, that
/// takes the place of the rate: it says more about when the next row comes.
fn run_text(progress: &RunProgress) -> String {
    let mut parts = Vec::new();
    if let Some(waiting) = waiting_text(progress) {
        parts.push(waiting);
    } else {
        parts.extend(pace_texts(progress));
    }
    if progress.rows_failed > 0 {
        parts.push(format!("{} failed", HumanCount(progress.rows_failed)));
    }
    if let Some(usd) = progress.cost_usd {
        parts.push(dollars(usd));
    }
    if parts.is_empty() { "starting".to_owned() } else { parts.join(", ") }
}

/// How long the provider asked to wait, if it did.
fn waiting_text(progress: &RunProgress) -> Option<String> {
    let wait_ms = progress.flow.as_ref()?.wait_ms?;
    // A wait under a second is over before it is read.
    (wait_ms >= 1000)
        .then(|| format!("the provider asks to slow down; goes on in {} s", wait_ms.div_ceil(1000)))
}

fn pace_texts(progress: &RunProgress) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(rate) = progress.rows_per_second() {
        parts.push(rate_text(rate));
    }
    if progress.rows_ended() < progress.rows_total
        && let Some(remaining_ms) = progress.remaining_ms()
    {
        // Whole seconds, rounded up: "0 s left" with rows to go reads like a defect.
        let remaining = Duration::from_secs(remaining_ms.div_ceil(1000));
        parts.push(format!("{} left", FormattedDuration(remaining)));
    }
    parts
}

/// A rate of rows, in the unit that reads best.
pub fn rate_text(rows_per_second: f64) -> String {
    if rows_per_second >= 10.0 {
        format!("{rows_per_second:.0} rows/s")
    } else if rows_per_second >= 0.1 {
        format!("{rows_per_second:.1} rows/s")
    } else {
        format!("{:.1} rows/min", rows_per_second * 60.0)
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::{RequestFlow, RunId, SheetId};

    use super::*;

    fn progress(rows_done: u64, rows_failed: u64, elapsed_ms: u64) -> RunProgress {
        RunProgress {
            sheet: SheetId::random(),
            column: ColumnId(1),
            run: RunId(1),
            rows_total: 100,
            rows_done,
            rows_failed,
            rows_before: 0,
            rows_waiting: 0,
            rows_reused: 0,
            rows_cut_off: 0,
            prompt_tokens: 0,
            shared_tokens: 0,
            completion_tokens: 0,
            cost_usd: None,
            flow: None,
            elapsed_ms,
        }
    }

    #[test]
    fn a_run_shows_rate_time_left_and_failures() {
        assert_eq!(run_text(&progress(0, 0, 0)), "starting");
        assert_eq!(run_text(&progress(20, 0, 2000)), "10 rows/s, 00:00:08 left");
        assert_eq!(run_text(&progress(18, 2, 2000)), "10 rows/s, 00:00:08 left, 2 failed");
        assert_eq!(run_text(&progress(99, 1, 50_000)), "2.0 rows/s, 1 failed");
        assert_eq!(run_text(&progress(1, 0, 60_000)), "1.0 rows/min, 01:39:00 left");
    }

    #[test]
    fn a_run_over_a_provider_shows_money_and_waits() {
        let flow = |wait_ms| Some(RequestFlow { wait_ms, ..RequestFlow::default() });
        let going =
            RunProgress { cost_usd: Some(0.0123), flow: flow(Some(200)), ..progress(18, 2, 2000) };
        assert_eq!(run_text(&going), "10 rows/s, 00:00:08 left, 2 failed, $0.012");
        let waiting = RunProgress { flow: flow(Some(11_400)), ..going };
        let expected = "the provider asks to slow down; goes on in 12 s, 2 failed, $0.012";
        assert_eq!(run_text(&waiting), expected);
    }

    #[test]
    fn reasons_are_counted_and_the_commonest_comes_first() {
        let output = Arc::new(Output::new(crate::output::Manner::default()));
        let sink = Progress::new(output, Style::Hidden);
        for message in ["a", "b", "b"] {
            sink.emit(Event::CellDone {
                sheet: braincells_core::SheetId::random(),
                column: ColumnId(1),
                row: braincells_core::RowId(1),
                state: braincells_core::CellState::Failed,
                value: braincells_core::Value::Null,
                error: Some(braincells_core::AppError::new(
                    braincells_core::Code::OutputInvalid,
                    message,
                )),
                confidence: None,
            });
        }
        assert_eq!(sink.reasons(ColumnId(1)), [("b".to_owned(), 2), ("a".to_owned(), 1)]);
        assert!(sink.reasons(ColumnId(2)).is_empty());
    }
}
