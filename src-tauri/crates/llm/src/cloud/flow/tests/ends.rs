use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use tokio::time::{Instant, sleep};

use super::{enter, flow_at_full_width, limits, new_flow, seconds, wait};

#[tokio::test(start_paused = true)]
async fn what_a_server_asks_to_wait_is_waited_exactly_and_at_most_five_minutes() {
    let asked = [(1, 1), (7, 7), (300, 300), (301, 300), (100_000, 300)];
    for (retry_after, expected) in asked {
        let flow = flow_at_full_width(4).await;
        enter(&flow).await.slow_down(Some(seconds(retry_after)));
        let state = flow.state();
        assert_eq!(state.wait_ms, Some(expected * 1_000), "asked for {retry_after}");
        assert_eq!((state.slowed_down, state.limit), (1, 1));
        let (_permit, waited) = wait(&flow).await;
        assert_eq!(waited, seconds(expected), "asked for {retry_after}");
        assert_eq!(flow.state().wait_ms, None);
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_without_a_length_grow_and_are_jittered() {
    let pauses = |seed: u64| async move {
        let flow = new_flow(limits(4), seed);
        let mut pauses = Vec::new();
        for _ in 0..12 {
            let (permit, waited) = wait(&flow).await;
            sleep(Duration::from_millis(100)).await;
            permit.slow_down(None);
            pauses.push(waited);
        }
        pauses
    };
    let (first, again, other) = (pauses(1).await, pauses(1).await, pauses(2).await);
    assert_eq!(first, again, "the same seed");
    assert_ne!(first, other);
    for (count, &pause) in first.iter().enumerate().skip(1) {
        let most = Duration::from_millis(500 << (count - 1)).min(seconds(30));
        // A timer may be late by a millisecond.
        assert!(pause <= most + Duration::from_millis(1), "{count}: {pause:?} of {most:?}");
    }
    assert!(first[8..].iter().any(|&pause| pause > seconds(8)), "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_zero_is_not_asked_at_once_for_ever() {
    let flow = new_flow(limits(4), 1);
    let began = Instant::now();
    for _ in 0..10 {
        enter(&flow).await.slow_down(Some(Duration::ZERO));
    }
    assert!(began.elapsed() > seconds(5), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn backoff_is_jittered_up_to_twice_as_much_each_time() {
    let flow = new_flow(limits(4), 1);
    for (failures, most_ms) in
        [(0, 500), (1, 500), (2, 1_000), (5, 8_000), (7, 30_000), (99, 30_000)]
    {
        let waits: Vec<u128> =
            (0..200).map(|_| flow.lock().gate.backoff(failures).as_millis()).collect();
        let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(*most <= most_ms && *most > most_ms * 9 / 10, "{failures}: {most}");
        assert!(*least < most_ms / 10, "{failures}: {least}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_window_halves_once_for_what_was_in_flight_together() {
    let flow = flow_at_full_width(32).await;
    let permits = join_all((0..32).map(|_| enter(&flow))).await;
    for permit in permits {
        permit.slow_down(Some(seconds(1)));
    }
    assert_eq!(flow.state().slowed_down, 32);
    enter(&flow).await.succeeded(0);
    assert!((16..=17).contains(&flow.state().limit), "{:?}", flow.state());
    enter(&flow).await.slow_down(None);
    enter(&flow).await.succeeded(0);
    assert!((8..=9).contains(&flow.state().limit), "{:?}", flow.state());
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_that_began_ends_the_probing() {
    let flow = flow_at_full_width(8).await;
    enter(&flow).await.slow_down(Some(seconds(1)));
    let mut probe = enter(&flow).await;
    assert!(flow.enter(0).now_or_never().is_none());
    probe.taken();
    let others = join_all((0..3).map(|_| enter(&flow))).await;
    assert_eq!(flow.state().in_flight, 4, "half of eight, while the probe goes on");
    drop((probe, others));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hears_nothing_is_not_waited_for() {
    for (usual_ms, patience_ms) in [(1, 100), (100, 400), (2_000, 8_000), (60_000, 30_000)] {
        let flow = new_flow(limits(8), 1);
        for _ in 0..8 {
            let mut permit = enter(&flow).await;
            sleep(Duration::from_millis(usual_ms)).await;
            permit.taken();
            permit.succeeded(0);
        }
        enter(&flow).await.slow_down(Some(seconds(1)));
        let silent = enter(&flow).await;
        let (second, waited) = wait(&flow).await;
        assert_eq!(waited.as_millis(), patience_ms, "usually {usual_ms} ms");
        second.succeeded(0);
        let (third, waited) = wait(&flow).await;
        assert_eq!(waited, Duration::ZERO, "the server takes requests");
        drop((silent, third));
    }
}

#[tokio::test(start_paused = true)]
async fn failures_among_successes_slow_nothing_down() {
    let flow = flow_at_full_width(4).await;
    for _ in 0..100 {
        for _ in 0..7 {
            let (permit, waited) = wait(&flow).await;
            assert_eq!(waited, Duration::ZERO);
            permit.failed();
        }
        enter(&flow).await.succeeded(0);
    }
    assert_eq!(flow.state().limit, 4);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_only_fails_is_tried_now_and_then() {
    let flow = flow_at_full_width(64).await;
    let began = Instant::now();
    let mut sent = 0;
    while began.elapsed() < seconds(60) {
        enter(&flow).await.failed();
        sent += 1;
    }
    assert!(sent < 30, "{sent} in a minute");
    assert_eq!(flow.state().limit, 1, "it is probed");
    enter(&flow).await.succeeded(0);
    assert_eq!(flow.state().limit, 64, "and then all go on");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_under_many_requests_gets_fewer() {
    let flow = flow_at_full_width(8).await;
    let permits = join_all((0..8).map(|_| enter(&flow))).await;
    sleep(seconds(60)).await;
    permits.into_iter().take(7).for_each(super::super::Permit::failed);
    assert_eq!(flow.state().limit, 4, "once for what was in flight together");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_interrupts_answers_gets_one_request_at_a_time() {
    let flow = flow_at_full_width(8).await;
    let permits = join_all((0..4).map(|_| enter(&flow))).await;
    for permit in permits {
        assert!(!permit.unfinished(), "others were in flight");
    }
    for _ in 0..8 {
        let permit = enter(&flow).await;
        assert!(flow.enter(0).now_or_never().is_none(), "one at a time");
        permit.succeeded(0);
    }
    let both = (enter(&flow).await, enter(&flow).await);
    assert_eq!(flow.state().in_flight, 2, "it may have been an accident");
    drop(both);
    let alone = enter(&flow).await;
    assert!(alone.unfinished());
    flow.widen();
    assert_eq!(flow.state().limit, 5, "it says no ends at all");
}
