use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::super::FlowLimits;
use super::{enter, flow_at_full_width, limits, new_flow, seconds, wait};

#[tokio::test(start_paused = true)]
async fn never_more_are_in_flight_than_allowed() {
    for parallel in [0, 1, 5, 64] {
        let flow = new_flow(limits(parallel), 1);
        let most = Mutex::new(0);
        join_all((0..500).map(|_| async {
            let permit = enter(&flow).await;
            let now = flow.state().in_flight;
            {
                let mut most = most.lock().unwrap();
                *most = now.max(*most);
            }
            sleep(Duration::from_millis(10)).await;
            permit.succeeded(0);
        }))
        .await;
        assert_eq!(*most.lock().unwrap(), parallel.max(1));
        assert_eq!(flow.state().in_flight, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn first_come_first_served() {
    let flow = new_flow(limits(2), 1);
    let order = Mutex::new(Vec::new());
    join_all((0..50).map(|number| {
        let (flow, order) = (&flow, &order);
        async move {
            // A large request is not passed by small ones.
            let permit = flow.enter(if number % 7 == 0 { 10_000 } else { 1 }).await.unwrap();
            order.lock().unwrap().push(number);
            sleep(Duration::from_millis(10 + number % 3)).await;
            permit.succeeded(0);
        }
    }))
    .await;
    assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_while_it_waits_leaves_its_place() {
    let flow = new_flow(limits(1), 1);
    let first = enter(&flow).await;
    let mut head = Box::pin(flow.enter(0));
    let mut behind = Box::pin(flow.enter(0));
    let mut last = Box::pin(flow.enter(0));
    assert!(head.as_mut().now_or_never().is_none());
    assert!(behind.as_mut().now_or_never().is_none());
    assert!(last.as_mut().now_or_never().is_none());
    drop(behind);
    // It is told that there is room, and goes before it looks.
    first.succeeded(0);
    drop(head);
    let last = timeout(seconds(1), last).await.unwrap().unwrap();
    assert_eq!(flow.state().in_flight, 1);
    last.succeeded(0);
    assert_eq!(flow.state().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_in_flight_leaves_its_place_and_says_nothing() {
    let flow = flow_at_full_width(2).await;
    let (first, second) = (enter(&flow).await, enter(&flow).await);
    let waiting = Box::pin(flow.enter(0));
    drop(first);
    let third = timeout(seconds(1), waiting).await.unwrap().unwrap();
    let state = flow.state();
    assert_eq!((state.in_flight, state.limit, state.slowed_down), (2, 2, 0));
    drop((second, third));
    assert_eq!(flow.state().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_lets_another_probe() {
    let flow = flow_at_full_width(8).await;
    enter(&flow).await.slow_down(Some(seconds(2)));
    let (probe, waited) = wait(&flow).await;
    assert_eq!(waited, seconds(2));
    let next = Box::pin(flow.enter(0));
    let next = timeout(Duration::from_millis(99), next).await;
    assert!(next.is_err(), "one at a time");
    drop(probe);
    let (probe, waited) = wait(&flow).await;
    assert_eq!((waited, flow.state().limit), (Duration::ZERO, 1));
    probe.succeeded(0);
    assert_eq!(flow.state().limit, 4, "half of eight");
}

#[tokio::test(start_paused = true)]
async fn requests_a_minute_are_never_exceeded() {
    let flow = new_flow(FlowLimits { requests_per_minute: Some(90), ..limits(64) }, 1);
    let began = Instant::now();
    let sent = Mutex::new(Vec::new());
    join_all((0..300).map(|_| async {
        let permit = enter(&flow).await;
        sent.lock().unwrap().push(began.elapsed());
        sleep(Duration::from_millis(500)).await;
        permit.succeeded(0);
    }))
    .await;
    let sent = sent.into_inner().unwrap();
    for window in sent.windows(91) {
        assert!(window[90] >= window[0] + Duration::from_mins(1), "{:?}", window[0]);
    }
    assert!(sent[299] < seconds(205), "and they are used: {:?}", sent[299]);
}

#[tokio::test(start_paused = true)]
async fn tokens_a_minute_are_kept_to_and_corrected_by_what_was_used() {
    let limits = FlowLimits { tokens_per_minute: Some(60_000), ..limits(4) };
    let took = |estimated: u64, used: u64| async move {
        let flow = new_flow(limits, 1);
        let began = Instant::now();
        for _ in 0..100 {
            flow.enter(estimated).await.unwrap().succeeded(used);
        }
        began.elapsed()
    };
    // 100 x 1,500 tokens, 60,000 a minute: two and a half minutes.
    let right = took(1_500, 1_500).await;
    let too_low = took(500, 1_500).await;
    let too_high = took(3_000, 1_500).await;
    for took in [right, too_low, too_high] {
        assert!((seconds(145)..seconds(156)).contains(&took), "{right:?} {too_low:?} {too_high:?}");
    }
}

#[tokio::test]
async fn many_threads_find_their_way() {
    let flow = new_flow(limits(8), 1);
    let tasks = (0..8).map(|_| {
        let flow = Arc::clone(&flow);
        tokio::spawn(async move {
            for count in 0..500 {
                let permit = enter(&flow).await;
                assert!(flow.state().in_flight <= 8);
                tokio::task::yield_now().await;
                if count % 5 == 0 { drop(permit) } else { permit.succeeded(1) }
            }
        })
    });
    join_all(tasks).await.into_iter().for_each(|ended| ended.unwrap());
    assert_eq!(flow.state().in_flight, 0);
}
