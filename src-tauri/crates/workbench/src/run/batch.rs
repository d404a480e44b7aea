//! One batch of a run: requests go to the engine as it pulls them, answers come back, cells are
//! committed.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use braincells_core::{AppError, Event, RowId, RunId};
use braincells_data::RunSpent;
use braincells_llm::{BatchEvent, BatchEventKind, LLMEngine, LLMError, RequestId};
use futures::StreamExt;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::asking::Asking;
use super::cells::reuse;
use super::commit::Target;
use super::desk::{Budget, Desk, Ended};
use super::drive::{Cut, Drive, End, Next, Tools};
use super::feed::{Feed, Ready, lock, requests};
use super::live::{Aside, Wish};
use super::order::{Order, Prepared};
use super::rows::PendingRows;
use super::spending::Spending;
use crate::calibration::Scoring;
use crate::error::WorkbenchError;
use crate::queue::TurnView;

/// How long answers are waited for that were asked for before the provider took no more, or before
/// the run was to pause: they are paid for.
const DRAIN_TIME: Duration = Duration::from_secs(30);

/// The same where the program ends: a person waits for that.
const LAST_DRAIN_TIME: Duration = Duration::from_secs(5);

/// Cells that needed no model and wait for the loop.
const READY_CELLS: usize = 256;

/// A run whose engine is known: what it still has to ask, and what it has asked.
pub(super) struct UnderWay {
    asking: Arc<Asking>,
    feed: Arc<tokio::sync::Mutex<Feed>>,
    desk: Arc<Mutex<Desk>>,
    ready: mpsc::Receiver<Ready>,
}

impl UnderWay {
    pub(super) fn new(
        order: &Order,
        tools: &Tools,
        rows: Vec<RowId>,
        run: RunId,
        (prepared, budget): (Prepared, Option<Budget>),
        (aside, turn): (Arc<Aside>, TurnView),
    ) -> Self {
        let asking = Arc::new(Asking {
            run,
            store: Arc::clone(&order.store),
            plan: Arc::clone(&order.plan),
            inputs: order.inputs.clone(),
            examples: prepared.examples,
            lead_in: prepared.scoring.as_ref().and_then(Scoring::lead_in).map(str::to_owned),
            seeds: order.seeds(),
            answers: (!tools.fresh).then(|| tools.answers.clone()),
            fingerprint: Mutex::default(),
            most_in_flight: AtomicU64::new(1),
            room: Notify::new(),
            clock: Arc::clone(&tools.world.clock),
        });
        let desk = Desk::new(run, order.seeds(), prepared.items, prepared.scoring, budget);
        let desk = Arc::new(Mutex::new(desk));
        let (sender, ready) = mpsc::channel(READY_CELLS);
        let feed = Feed {
            asking: Arc::clone(&asking),
            rows: PendingRows::new(rows),
            page: VecDeque::new(),
            desk: Arc::clone(&desk),
            aside,
            turn,
            ready: sender,
            ahead: None,
            held: None,
            heard: false,
            unsent: None,
            runtime: tokio::runtime::Handle::current(),
        };
        Self { asking, feed: Arc::new(tokio::sync::Mutex::new(feed)), desk, ready }
    }

    /// Says which engine answers from now on.
    pub(super) fn answers_from(&self, engine: &dyn LLMEngine) {
        self.asking.answered_by(engine);
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }

    /// What the run takes of a provider, of which `noted` is on disk.
    pub(super) fn spending(&self, noted: RunSpent) -> Spending {
        let Asking { store, run, .. } = self.asking.as_ref();
        Spending::new(Arc::clone(store), *run, Arc::clone(&self.desk), noted)
    }

    /// Has no more requests go out.
    fn stop_asking(&self, why: Option<LLMError>) {
        self.desk().stop_asking(why);
        self.asking.room.notify_one();
    }
}

impl Tools {
    /// How long answers are waited for that were asked for before this was wanted; `None` if they
    /// are dropped: they cost nothing, or nobody wants them any more.
    fn drain_time(&self, wish: Wish) -> Option<Duration> {
        self.purse.as_ref()?;
        match wish {
            Wish::GoOn | Wish::Pause => Some(DRAIN_TIME),
            Wish::Leave => Some(LAST_DRAIN_TIME),
            Wish::LockOut | Wish::Cancel => None,
        }
    }
}

impl Drive {
    /// Lets the engine pull until the rows end or somebody more urgent waits.
    pub(super) async fn one_batch(&mut self, engine: &dyn LLMEngine) -> Result<Next, Cut> {
        let Some(under_way) = &self.under_way else { return Ok(Next::Filled) };
        let mut batch = engine.generate_batch(requests(&under_way.feed));
        // From when on nothing more is asked, and answers are no longer waited for.
        let mut drained_at = None;
        let mut heard = Wish::GoOn;
        while let Self { claim, committer, tools, under_way: Some(under_way), .. } = self {
            if drained_at.is_none() && under_way.desk().has_stopped_asking() {
                drained_at = Some(Instant::now() + DRAIN_TIME);
            }
            if heard > Wish::GoOn && under_way.desk().in_flight() == 0 {
                break;
            }
            tokio::select! {
                biased;
                wish = claim.raised_above(heard) => {
                    let Some(time) = tools.drain_time(wish) else {
                        return Err(End::Asked(wish).into());
                    };
                    let until = Instant::now() + time;
                    drained_at = Some(drained_at.map_or(until, |at| until.min(at)));
                    heard = wish;
                    under_way.stop_asking(None);
                }
                () = committer.due() => committer.write_due().await.map_err(End::Unsaved)?,
                () = committer.progress.flow_due() => committer.tell(),
                Some(ready) = under_way.ready.recv() => self.take_ready(ready).await?,
                event = batch.next() => match event {
                    Some(event) => match self.take(event).await {
                        // It is known already why the run ends.
                        Err(Cut::EngineWent(_) | Cut::End(End::Broken(_)))
                            if drained_at.is_some() => break,
                        taken => taken?,
                    },
                    None => break,
                },
                () = tokio::time::sleep_until(drained_at.unwrap_or_else(Instant::now)),
                    if drained_at.is_some() => break,
            }
        }
        drop(batch);
        while let Some(ready) = self.under_way.as_mut().and_then(|way| way.ready.try_recv().ok()) {
            self.take_ready(ready).await?;
        }
        if let Some(error) = self.under_way.as_ref().and_then(|way| way.desk().take_why_stopped()) {
            return Err(End::Broken(error.into()).into());
        }
        if heard > Wish::GoOn {
            return Err(End::Asked(heard).into());
        }
        self.after_batch().await
    }

    async fn take_ready(&mut self, ready: Ready) -> Result<(), End> {
        self.committer.push(ready.cell, ready.reused).await.map_err(End::Unsaved)
    }

    /// Takes one event of the batch.
    async fn take(&mut self, event: BatchEvent) -> Result<(), Cut> {
        let Some(under_way) = &self.under_way else { return Ok(()) };
        let now = Instant::now();
        let (ended, suspects) = match event.kind {
            BatchEventKind::Started => {
                self.tell_text(event.id, String::new());
                return Ok(());
            }
            BatchEventKind::Delta(text) => {
                self.tell_text(event.id, text);
                return Ok(());
            }
            BatchEventKind::Failed(error @ LLMError::NotRunning) => {
                return Err(Cut::EngineWent(error.into()));
            }
            BatchEventKind::Spent { prompt_tokens, completion_tokens, cost_usd } => {
                let tokens = (prompt_tokens, completion_tokens);
                under_way.desk().lost(event.id, tokens, cost_usd);
                return Ok(());
            }
            // What a provider was asked before this is paid for, and may still be answered.
            BatchEventKind::Failed(
                error @ (LLMError::NoCredit { .. }
                | LLMError::Unreachable { .. }
                | LLMError::KeyRefused { .. }
                | LLMError::ModelUnknown { .. }),
            ) => {
                under_way.stop_asking(Some(error));
                return Ok(());
            }
            BatchEventKind::Failed(error) if error.ends_run() => {
                return Err(End::Broken(error.into()).into());
            }
            BatchEventKind::Failed(error) => {
                (under_way.desk().failed(event.id, error, now), Vec::new())
            }
            BatchEventKind::Done(response) => {
                // The engine lives, so the cells that seemed to end it did.
                self.engines_in_a_row = 0;
                let mut desk = under_way.desk();
                (desk.answered(event.id, *response, now), desk.take_suspects())
            }
        };
        under_way.asking.room.notify_one();
        for ended in ended.into_iter().chain(suspects) {
            self.commit(ended).await?;
        }
        Ok(())
    }

    /// Tells about text of an answer that is not complete. Rows that wait for the same answer hear
    /// nothing before its end.
    fn tell_text(&self, id: RequestId, text: String) {
        let row = self.under_way.as_ref().and_then(|under_way| under_way.desk().row_of(id));
        if let Some(row) = row {
            let Target { store, column, .. } = &self.committer.target;
            let (sheet, column) = (store.id(), *column);
            self.committer.events.emit(Event::CellDelta { sheet, column, row, text });
        }
    }

    async fn commit(&mut self, ended: Ended) -> Result<(), End> {
        let Ended { cell, also, keep } = ended;
        self.committer.keep(keep);
        self.committer.push(cell.clone(), false).await.map_err(End::Unsaved)?;
        for row in also {
            // A whole table may wait for one answer; a stop does not wait for the table, which takes
            // the answer when the run goes on.
            if let Some(wish) = self.claim.wish() {
                let others_are_waited_for = self.tools.drain_time(wish).is_some();
                return if others_are_waited_for { Ok(()) } else { Err(End::Asked(wish)) };
            }
            let same = reuse(&cell, row);
            self.committer.push(same, cell.error.is_none()).await.map_err(End::Unsaved)?;
        }
        Ok(())
    }

    /// What is left once the engine has ended the batch.
    async fn after_batch(&mut self) -> Result<Next, Cut> {
        let Some(under_way) = &self.under_way else { return Ok(Next::Filled) };
        let next = {
            let mut desk = under_way.desk();
            if let Some(error) = desk.take_feed_error() {
                return Err(End::Unsaved(error).into());
            }
            self.committer.progress.leave_out(desk.take_left_out());
            let (asked, unanswered) = (desk.asked(), desk.in_flight());
            let stepped_aside = desk.take_stepped_aside();
            let reached = desk.take_limit_reached();
            if unanswered > 0 || (desk.has_rows_left() && !stepped_aside && reached.is_none()) {
                let error = WorkbenchError::EngineEndedEarly { asked, unanswered };
                return Err(Cut::EngineWent(AppError::from(error)));
            }
            match (reached, desk.next_attempt_at()) {
                (Some(reached), _) => Err(reached),
                _ if stepped_aside => Ok(Next::GiveWay),
                // What came after the last row was pulled needs another batch.
                (None, Some(at)) => Ok(Next::AskAgain(at)),
                (None, None) => Ok(Next::Filled),
            }
        };
        let next = match next {
            Ok(next) => next,
            Err(reached) => {
                self.committer.write_all().await.map_err(End::Unsaved)?;
                let rows = self.committer.progress.now().rows_done;
                let error = WorkbenchError::LimitReached { reached, rows };
                return Err(End::LimitReached(error.into()).into());
            }
        };
        let Some(under_way) = &self.under_way else { return Ok(next) };
        if let Next::Filled = next {
            // Nobody else is left who could show that the engine lives.
            let suspects = under_way.desk().take_suspects();
            for suspect in suspects {
                self.commit(suspect).await?;
            }
        }
        Ok(next)
    }
}
