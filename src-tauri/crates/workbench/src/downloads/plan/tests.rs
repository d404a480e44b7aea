use super::*;

use DownloadState::{Cancelled, Done, Failed, Paused, Queued, Running, Verifying, Waiting};

#[test]
fn every_wish_has_an_answer_in_every_state() {
    let (already, refused, to) = (Answer::Already, Answer::Refused, Answer::Move);
    // state, pause, resume, cancel
    let table = [
        (Queued, to(Paused), already, to(Cancelled)),
        (Running, to(Paused), already, to(Cancelled)),
        (Verifying, to(Paused), already, to(Cancelled)),
        (Waiting, to(Paused), to(Queued), to(Cancelled)),
        (Paused, already, to(Queued), to(Cancelled)),
        (Failed, refused, to(Queued), to(Cancelled)),
        (Done, refused, refused, refused),
        (Cancelled, refused, refused, already),
    ];
    assert_eq!(table.map(|row| row.0), DownloadState::ALL, "every state has its row");
    for (state, pause, resume, cancel) in table {
        assert_eq!(answer(Wish::Pause, state), pause, "pause {state:?}");
        assert_eq!(answer(Wish::Resume, state), resume, "resume {state:?}");
        assert_eq!(answer(Wish::Cancel, state), cancel, "cancel {state:?}");
        let clear = if state.is_over() { already } else { refused };
        assert_eq!(answer(Wish::Clear, state), clear, "clear {state:?}");
    }
}

#[test]
fn what_is_over_stays_over_whatever_is_wished() {
    for state in DownloadState::ALL.into_iter().filter(|state| state.is_over()) {
        for wish in [Wish::Pause, Wish::Resume, Wish::Cancel, Wish::Clear] {
            assert!(!matches!(answer(wish, state), Answer::Move(_)), "{wish:?} {state:?}");
        }
    }
}

#[test]
fn a_failure_is_tried_again_three_times_and_later_each_time() {
    let seconds = Duration::from_secs;
    let cut = Failure { is_retriable: true, after: None, bytes: 0 };
    let busy = |after| Failure { after: Some(seconds(after)), ..cut };
    let wait = |retries, delay| Next::Wait { retries, delay: seconds(delay) };
    let give_up = |retries| Next::GiveUp { retries };
    for (failure, retries, next) in [
        (cut, 0, wait(1, 2)),
        (cut, 1, wait(2, 8)),
        (cut, 2, wait(3, 30)),
        (cut, 3, give_up(3)),
        (cut, 7, give_up(7)),
        (busy(1), 0, wait(1, 2)),
        (busy(20), 0, wait(1, 20)),
        (busy(20), 2, wait(3, 30)),
        (busy(60), 2, wait(3, 60)),
        (busy(60), 3, give_up(3)),
        (busy(u64::MAX), 0, wait(1, 3600)),
        // On a long way it may break any number of times.
        (Failure { bytes: FAR_BYTES, ..cut }, 3, wait(1, 2)),
        (Failure { bytes: FAR_BYTES - 1, ..cut }, 3, give_up(3)),
        // What cannot go well is not tried again.
        (Failure { is_retriable: false, ..cut }, 0, give_up(0)),
        (Failure { is_retriable: false, bytes: u64::MAX, after: Some(seconds(1)) }, 0, give_up(0)),
    ] {
        assert_eq!(after_failure(failure, retries), next, "{failure:?} {retries}");
    }
}

#[test]
fn a_wait_of_an_earlier_process_goes_on_and_is_never_endless() {
    for (retry_at_ms, now_ms, rest_ms) in [
        (None, 1000, 0),
        (Some(3000), 1000, 2000),
        (Some(1000), 3000, 0),
        (Some(i64::MAX), i64::MIN, 3_600_000),
        (Some(i64::MIN), i64::MAX, 0),
    ] {
        let rest = rest_of_wait(retry_at_ms, now_ms);
        assert_eq!(rest, Duration::from_millis(rest_ms), "{retry_at_ms:?} {now_ms}");
    }
}

fn place(id: i64, state: DownloadState) -> Place {
    Place {
        id: DownloadId(id),
        state,
        is_claimed: true,
        is_at_work: false,
        is_due: true,
        is_asked_here: true,
    }
}

fn at_work(id: i64, state: DownloadState) -> Place {
    Place { is_at_work: true, ..place(id, state) }
}

fn planned(places: &[Place], adopts: bool) -> Vec<(i64, Act)> {
    plan(places, adopts, AT_ONCE).into_iter().map(|(id, act)| (id.0, act)).collect()
}

#[test]
fn the_oldest_start_and_only_so_many() {
    let queued = [place(3, Queued), place(2, Queued), place(1, Queued)];
    assert_eq!(planned(&queued, false), [(1, Act::Start), (2, Act::Start)]);
    let one_works = [at_work(1, Verifying), place(2, Queued), place(3, Queued)];
    assert_eq!(planned(&one_works, false), [(2, Act::Start)]);
    let two_work = [at_work(1, Running), at_work(2, Running), place(3, Queued)];
    assert_eq!(planned(&two_work, false), []);
    // One that stops has its place until it has stopped.
    let one_stops = [at_work(1, Running), at_work(2, Paused), place(3, Queued)];
    assert_eq!(planned(&one_stops, false), [(2, Act::Stop)]);
    assert_eq!(planned(&[], true), []);
}

#[test]
fn one_that_waits_to_be_tried_again_keeps_no_other_from_working() {
    let waits = |id| Place { is_due: false, ..place(id, Waiting) };
    let places = [waits(1), waits(2), place(3, Queued), place(4, Queued)];
    assert_eq!(planned(&places, false), [(3, Act::Start), (4, Act::Start)]);
    let due = [place(1, Waiting), place(3, Queued), at_work(4, Running)];
    assert_eq!(planned(&due, false), [(1, Act::Start)]);
}

#[test]
fn what_was_asked_for_here_goes_before_what_was_found() {
    let found = |id| Place { is_asked_here: false, ..place(id, Running) };
    let places = [found(1), found(2), place(3, Queued)];
    assert_eq!(planned(&places, true), [(3, Act::Start), (1, Act::Start)]);
}

#[test]
fn work_that_nobody_wants_stops_and_a_claim_without_work_is_given_back() {
    for state in DownloadState::ALL {
        let is_running = matches!(state, Running | Verifying);
        let stop: &[(i64, Act)] = if is_running { &[] } else { &[(1, Act::Stop)] };
        assert_eq!(planned(&[at_work(1, state)], true), stop, "{state:?}");
        let idle = if state.is_active() { Act::Start } else { Act::LetGo };
        assert_eq!(planned(&[place(1, state)], true), [(1, idle)], "{state:?}");
    }
}

#[test]
fn what_another_process_may_work_on_is_claimed_first_and_only_if_it_is_wanted() {
    for state in DownloadState::ALL {
        let unclaimed = Place { is_claimed: false, ..place(1, state) };
        let asked = if state.is_active() { Act::Claim } else { Act::LetGo };
        assert_eq!(planned(&[unclaimed], false), [(1, asked)], "asked for here, {state:?}");
        let found = Place { is_asked_here: false, ..unclaimed };
        let claim: &[(i64, Act)] = if state.is_active() { &[(1, Act::Claim)] } else { &[] };
        assert_eq!(planned(&[found], true), claim, "found, {state:?}");
        assert_eq!(planned(&[found], false), [], "left to others, {state:?}");
    }
}
