use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::super::{Flow, GaveUp};
use super::{enter, flow_at_full_width, limits, seconds, wait};

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
        let flow = Flow::new(limits(4), seed);
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
    let flow = Flow::new(limits(4), 1);
    let began = Instant::now();
    for _ in 0..10 {
        enter(&flow).await.slow_down(Some(Duration::ZERO));
    }
    assert!(began.elapsed() > seconds(5), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn backoff_is_jittered_up_to_twice_as_much_each_time() {
    let flow = Flow::new(limits(4), 1);
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
        let flow = Flow::new(limits(8), 1);
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
async fn nothing_but_waiting_is_given_up_and_everybody_told() {
    let flow = flow_at_full_width(4).await;
    let began = Instant::now();
    // Each asks for as long as it may; the third would make it more than ten minutes.
    let ends = join_all((0..6).map(|_| async {
        let asker = flow.asker();
        loop {
            match asker.enter(0).await {
                Ok(permit) => permit.slow_down(Some(seconds(300))),
                Err(gave_up) => return (gave_up.reason, began.elapsed()),
            }
        }
    }))
    .await;
    for (reason, after) in ends {
        assert!(reason.contains("10 minutes"), "{reason}");
        assert_eq!(after, seconds(600));
    }
    // A run that is resumed begins afresh, at once.
    let (permit, waited) = wait(&flow).await;
    assert_eq!(waited, Duration::ZERO);
    assert_eq!(flow.state().limit, 4);
    permit.succeeded(0);
}

#[tokio::test(start_paused = true)]
async fn a_success_now_and_then_is_no_reason_to_give_up() {
    let flow = flow_at_full_width(4).await;
    for _ in 0..20 {
        enter(&flow).await.slow_down(Some(seconds(290)));
        enter(&flow).await.slow_down(Some(seconds(290)));
        enter(&flow).await.succeeded(0);
    }
    assert_eq!(flow.state().slowed_down, 40);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answered_is_given_up_soon() {
    let flow = Flow::new(limits(64), 1);
    let began = Instant::now();
    let ends = join_all((0..64).map(|_| async {
        let asker = flow.asker();
        for failures in 1.. {
            match asker.enter(0).await {
                Ok(permit) => {
                    sleep(Duration::from_millis(1)).await;
                    permit.unconnected("connection refused");
                }
                Err(gave_up) => return gave_up.reason,
            }
            asker.back_off(failures).await;
        }
        unreachable!("it gives up");
    }))
    .await;
    assert!(ends.iter().all(|reason| reason == "connection refused"), "{ends:?}");
    assert!(began.elapsed() < seconds(5), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_that_asks_nobody_alone_is_told_soon() {
    let flow = Flow::new(limits(1), 1);
    let began = Instant::now();
    let asker = flow.asker();
    for failures in 1.. {
        let Ok(permit) = asker.enter(0).await else { break };
        permit.unconnected("connection refused");
        asker.back_off(failures).await;
    }
    assert!(began.elapsed() < seconds(4), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_is_waited_for() {
    let flow = flow_at_full_width(64).await;
    let began = Instant::now();
    let is_back = || began.elapsed() > seconds(5);
    let ends = join_all((0..64).map(|_| async {
        let asker = flow.asker();
        for failures in 1.. {
            let Ok(permit) = asker.enter(0).await else { return false };
            if is_back() {
                permit.succeeded(0);
                return true;
            }
            permit.unconnected("connection refused");
            asker.back_off(failures).await;
        }
        unreachable!("it comes back");
    }))
    .await;
    assert!(ends.iter().all(|&answered| answered), "everybody was answered");
    assert!(began.elapsed() < seconds(60), "{:?}", began.elapsed());
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
async fn what_went_wrong_before_a_pause_is_forgotten() {
    let flow = flow_at_full_width(4).await;
    enter(&flow).await.slow_down(Some(seconds(1)));
    sleep(seconds(660)).await;
    enter(&flow).await.slow_down(Some(seconds(1)));
    assert!(flow.enter(0).await.is_ok(), "eleven minutes, of which nobody asked for ten");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone_for_two_minutes_is_waited_for() {
    let flow = flow_at_full_width(4).await;
    let began = Instant::now();
    let ends = join_all((0..4).map(|_| async {
        let asker = flow.asker();
        for failures in 1.. {
            let Ok(permit) = asker.enter(0).await else { return false };
            if began.elapsed() > seconds(120) {
                permit.succeeded(0);
                return true;
            }
            permit.unconnected("connection refused");
            asker.back_off(failures).await;
        }
        unreachable!("it comes back");
    }))
    .await;
    assert!(ends.iter().all(|&answered| answered), "everybody was answered");
}

#[tokio::test(start_paused = true)]
async fn everybody_who_asks_is_told_and_who_comes_after_them_begins_afresh() {
    let flow = flow_at_full_width(4).await;
    let (first, second, third) = (flow.asker(), flow.asker(), flow.asker());
    let in_flight = first.enter(0).await.unwrap();
    let mut backing_off = Box::pin(third.back_off(9));
    assert!(backing_off.as_mut().now_or_never().is_none());
    while let Ok(permit) = second.enter(0).await {
        permit.unconnected("no route to host");
    }
    timeout(Duration::ZERO, backing_off).await.expect("nobody backs off any more");
    in_flight.succeeded(0);
    let told = GaveUp { reason: "no route to host".to_owned() };
    for asker in [&first, &second, &third, &flow.asker()] {
        assert_eq!(asker.enter(0).await.unwrap_err(), told);
        asker.back_off(9).await;
    }
    drop((first, second));
    assert_eq!(flow.enter(0).await.unwrap_err(), told, "one is left");
    drop(third);
    assert!(flow.enter(0).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_that_asks_alone_is_told_as_well() {
    let flow = Flow::new(limits(4), 1);
    let began = Instant::now();
    let asker = flow.asker();
    while let Ok(permit) = asker.enter(0).await {
        permit.slow_down(Some(seconds(60)));
    }
    assert_eq!(began.elapsed(), seconds(600));
}
