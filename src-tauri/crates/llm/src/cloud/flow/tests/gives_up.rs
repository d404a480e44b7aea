use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::super::GaveUp;
use super::{enter, flow_at_full_width, limits, new_flow, seconds, wait};

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
    let flow = new_flow(limits(64), 1);
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
    let flow = new_flow(limits(1), 1);
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
    let flow = new_flow(limits(4), 1);
    let began = Instant::now();
    let asker = flow.asker();
    while let Ok(permit) = asker.enter(0).await {
        permit.slow_down(Some(seconds(60)));
    }
    assert_eq!(began.elapsed(), seconds(600));
}
