//! `models tune`.

use braincells_workbench::{
    Candidate, CandidateOutcome, Likeness, Speed, TuneOptions, TunedModel, Tuning,
};
use indicatif::HumanBytes;

use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// Tunes a model for this machine and says what was measured.
pub async fn tune(
    session: &Session,
    model: &str,
    options: &TuneOptions,
) -> Result<Ending, Failure> {
    let tuned = session.unless_stopped(session.workbench.tune_model(model, options)).await?;
    session.progress.clear();
    session.output.result("models tune", &tuned)?;
    session.output.say_table(&table(&tuned), false)?;
    session.output.notice(&conclusion(&tuned, options.dry_run));
    if let Some(setup) = &tuned.report.setup {
        session.output.notice(&fastest_setup(setup));
    }
    Ok(Ending::Complete)
}

fn table(tuned: &TunedModel) -> Table {
    let mut table = Table::new([
        ("quantisation", Align::Left),
        ("size", Align::Right),
        ("prompt tok/s", Align::Right),
        ("answer tok/s", Align::Right),
        ("speed", Align::Right),
        ("labels alike", Align::Right),
        ("flip margin", Align::Right),
        ("KL nats", Align::Right),
        ("tokens alike", Align::Right),
        ("verdict", Align::Left),
    ]);
    let report = &tuned.report;
    let speed = |speed: Option<Speed>, of: fn(&Speed) -> f64| {
        speed.as_ref().map_or_else(String::new, |speed| format!("{:.0}", of(speed)))
    };
    let mut original = vec![
        report.original_quantisation.clone().unwrap_or_else(|| "original".to_owned()),
        HumanBytes(report.original_size_bytes).to_string(),
        speed(report.original_speed, |speed| speed.prefill_tokens_per_s),
        speed(report.original_speed, |speed| speed.decode_tokens_per_s),
        "1.00×".to_owned(),
    ];
    original.resize(9, String::new());
    original.push("the original".to_owned());
    table.push(original);
    for one in &report.candidates {
        let likeness =
            |cell: fn(&Likeness) -> String| one.likeness.as_ref().map_or_else(String::new, cell);
        table.push(vec![
            one.quantisation.as_str().to_owned(),
            one.size_bytes.map_or_else(String::new, |size| HumanBytes(size).to_string()),
            speed(one.speed, |speed| speed.prefill_tokens_per_s),
            speed(one.speed, |speed| speed.decode_tokens_per_s),
            one.gain.map_or_else(String::new, |gain| format!("{gain:.2}×")),
            likeness(|like| format!("{}/{}", like.labels_alike, like.labels)),
            likeness(|like| {
                like.largest_flip_margin.map_or_else(|| "-".to_owned(), |m| format!("{m:.2}"))
            }),
            likeness(|like| format!("{:.4}", like.mean_kl_nats)),
            likeness(|like| format!("{}/{}", like.tokens_alike, like.positions)),
            verdict(one),
        ]);
    }
    table
}

fn verdict(candidate: &Candidate) -> String {
    match &candidate.outcome {
        CandidateOutcome::Chosen => "the fastest that is faithful".to_owned(),
        CandidateOutcome::Slower => "faithful, but slower".to_owned(),
        CandidateOutcome::NoGain => "hardly faster than the original".to_owned(),
        CandidateOutcome::Unfaithful { reason } => format!("not faithful: {reason}"),
        CandidateOutcome::Skipped { reason } => format!("not tried: {reason}"),
    }
}

fn fastest_setup(setup: &Tuning) -> String {
    let gain = setup.default_row_us as f64 / setup.row_us.max(1) as f64;
    format!(
        "fastest with {} rows at once and {} threads, {gain:.2} times the usual setup",
        setup.parallel_rows, setup.threads
    )
}

fn conclusion(tuned: &TunedModel, dry_run: bool) -> String {
    match (&tuned.copy, tuned.report.chosen()) {
        (Some(copy), _) => {
            let name = copy.name.strip_suffix(".gguf").unwrap_or(&copy.name);
            format!(
                "kept as `{name}` in {}; name it with `--model` or in a recipe, the original is \
                 unchanged",
                copy.path.parent().unwrap_or(&copy.path).display()
            )
        }
        (None, Some(chosen)) if dry_run => {
            format!("{} would be kept; nothing was, as you asked", chosen.quantisation.as_str())
        }
        _ => "no copy is both faster and faithful; the original is the best there is".to_owned(),
    }
}
